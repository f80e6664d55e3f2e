import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { tool } from '../../tool.ts'
import { Apt, extract } from '../apt.ts'
import type { Architecture } from '../architectures.ts'
import { cached } from '../cache.ts'
import { suiteOf, type KernelName } from '../kernels.ts'
import { makeDiskImage } from './disk-image.ts'
import { makeArchive } from './archive.ts'
import { loadingOrder } from './modules.ts'

/** Disks and ports are found, and the root is mounted, by these. A kernel may have some of them built in. */
const early = ['virtio_pci', 'virtio_blk', 'virtio_console', 'crc32c_generic', 'ext4']

/** Where the others are that a guest may need: most of a kernel's modules are drivers of hardware. */
const folders = ['arch', 'block', 'crypto', 'fs', 'lib', 'drivers/block', 'drivers/md', 'drivers/char']

export interface Kernel {
  readonly vmlinuz: string
  /** The first part of the initramfs: its programs and modules. */
  readonly archive: string
  /** A disk for /usr/lib/modules. */
  readonly modules: string
}

/** @returns the newest kernel of a suite of Debian at the time that it was made */
export async function kernelImages(
  kernel: KernelName,
  architecture: Architecture,
  refresh: boolean,
): Promise<Kernel> {
  const inputs = { suite: suiteOf(kernel), early, folders }
  const directory = await cached({ name: `kernel-${kernel}-${architecture}`, inputs, refresh }, (draft) =>
    make(draft, suiteOf(kernel), architecture),
  )
  const [vmlinuz, archive, modules] = ['vmlinuz', 'initramfs', 'modules.img'].map((name) =>
    join(directory, name),
  )
  return { vmlinuz, archive, modules } as Kernel
}

async function make(draft: string, suite: string, architecture: Architecture): Promise<void> {
  const [apt, tree] = [join(draft, 'apt'), join(draft, 'tree')]
  const packages = [`linux-image-${architecture}`, 'busybox-static']
  const source = await Apt.open(apt, suite, architecture)
  await extract(await source.download(packages, (name) => /^(linux-|busybox)/.test(name)), await made(tree))
  const modules = await modulesOf(tree)
  await rename(await kernelOf(tree, basename(modules)), join(draft, 'vmlinuz'))
  await keepNeeded(modules)
  await tool('depmod', '--basedir', tree, basename(modules))
  await makeInitramfs(draft, tree, modules)
  await makeDiskImage(join(draft, 'modules.img'), join(modules, '..'), 2)
  for (const path of [apt, tree]) await rm(path, { recursive: true })
}

/** With the links by which depmod finds the modules of old and of new packages. */
async function made(tree: string): Promise<string> {
  await tool('mkdir', '--parents', join(tree, 'usr/lib'), join(tree, 'usr/bin'))
  await tool('ln', '--symbolic', 'usr/lib', 'usr/bin', tree)
  return tree
}

async function modulesOf(tree: string): Promise<string> {
  const parent = join(tree, 'usr/lib/modules')
  const [version, ...others] = await readdir(parent)
  if (version === undefined || others.length > 0)
    throw new Error(
      `the kernel's packages have the modules of ${[version, ...others].join(', ') || 'no version'}`,
    )
  return join(parent, version)
}

/** Newer packages have it beside the modules. */
async function kernelOf(tree: string, version: string): Promise<string> {
  const found = await tool('find', tree, '-name', 'vmlinuz*', '-type', 'f')
  if (found === '' || found.includes('\n')) throw new Error(`kernels of ${version}: ${found}`)
  return found
}

async function keepNeeded(modules: string): Promise<void> {
  const needed = [...folders, 'drivers/virtio'].map((folder) => `kernel/${folder}/`)
  for (const path of (await tool('find', modules, '-name', '*.ko*')).split('\n'))
    if (!needed.some((folder) => path.startsWith(join(modules, folder)))) await rm(path)
}

/** Their order is that of a file, because nothing in there resolves dependencies. */
async function makeInitramfs(draft: string, tree: string, modules: string): Promise<void> {
  const content = join(draft, 'initramfs.content')
  await tool('mkdir', '--parents', join(content, 'bin'), join(content, 'modules'))
  await tool('cp', join(tree, 'usr/bin/busybox'), join(content, 'bin/busybox'))
  const order = loadingOrder(await readFile(join(modules, 'modules.dep'), 'utf8'), early)
  for (const path of order) {
    await tool('cp', join(modules, path), join(content, 'modules'))
    if (path.endsWith('.xz')) await tool('xz', '--decompress', join(content, 'modules', basename(path)))
  }
  const names = order.map((path) => basename(path, '.xz'))
  await writeFile(join(content, 'modules/order'), `${names.join('\n')}\n`)
  await makeArchive(content, join(draft, 'initramfs'))
  await rm(content, { recursive: true })
}
