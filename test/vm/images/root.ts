import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Apt, extract } from '../apt.ts'
import type { Architecture } from '../architectures.ts'
import { cached } from '../cache.ts'
import { makeDiskImage } from './disk-image.ts'

/** The same for every kernel, so that kernels are compared, and not the programs of a suite. */
const SUITE = 'bookworm'

/** What the driver and its tests run, and what a machine has beside. */
const packages = [
  ...[
    'base-files',
    'base-passwd',
    'usr-is-merged',
    'bash',
    'coreutils',
    'dash',
    'diffutils',
    'findutils',
    'grep',
  ],
  ...[
    'gzip',
    'libc-bin',
    'libstdc++6',
    'mawk',
    'openssl',
    'procps',
    'sed',
    'tar',
    'kmod',
    'udev',
    'busybox-static',
  ],
  ...['btrfs-progs', 'e2fsprogs', 'mount', 'util-linux', 'util-linux-extra', 'xfsprogs'],
]

/** The links of Debian's merged /usr. */
const merged = ['bin', 'sbin', 'lib', 'lib64']

/** Where the other disks of a guest are mounted (boot/boot.sh). */
const places = ['usr/lib/modules', 'opt/programs', 'csi-driver-loop', 'disk']
const mountPoints = ['dev', 'proc', 'run', 'sys', 'root', 'tmp', 'var/tmp', ...places]

/** @returns the image of a guest's root file system: packages of Debian, extracted and not configured */
export async function rootImage(architecture: Architecture, refresh: boolean): Promise<string> {
  const ingredients = { name: `root-${architecture}`, inputs: { SUITE, packages, mountPoints }, refresh }
  const directory = await cached(ingredients, async (draft) => {
    const [apt, tree] = [join(draft, 'apt'), join(draft, 'tree')]
    await makeTree(tree)
    await extract(await (await Apt.open(apt, SUITE, architecture)).download(packages), tree)
    await finish(tree)
    await makeDiskImage(join(draft, 'root.img'), tree, 16)
    for (const path of [apt, tree]) await rm(path, { recursive: true })
  })
  return join(directory, 'root.img')
}

async function makeTree(tree: string): Promise<void> {
  for (const name of [...mountPoints, ...merged.map((name) => `usr/${name}`)])
    await mkdir(join(tree, name), { recursive: true })
  for (const name of merged) await symlink(`usr/${name}`, join(tree, name))
  for (const name of ['tmp', 'var/tmp']) await chmod(join(tree, name), 0o1777)
}

/** What the scripts of packages would do, as far as it is needed. */
async function finish(tree: string): Promise<void> {
  for (const name of ['passwd', 'group'])
    await copyFile(join(tree, `usr/share/base-passwd/${name}.master`), join(tree, `etc/${name}`))
  const links = { 'usr/bin/awk': 'mawk', 'usr/bin/sh': 'dash', 'etc/mtab': '../proc/self/mounts' }
  for (const [name, target] of Object.entries(links))
    if (!existsSync(join(tree, name))) await symlink(target, join(tree, name))
}
