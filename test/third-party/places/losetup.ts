import { mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from '../../tool.ts'
import { fileSystems, VOLUME_BYTES, type Kind } from './kinds.ts'
import type { Origin, Place } from './place.ts'

/** Sector sizes as the driver chooses them. */
const SECTOR_BYTES = { fileSystem: 4096, block: 512 } as const

/** Plain loop devices with the same options, set up by the tools of an administrator. */
export class Losetup implements Origin {
  readonly name = 'losetup'
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async open(kind: Kind, name: string): Promise<Place> {
    const directory = join(this.#directory, name)
    const [image, path] = [join(directory, 'disk.img'), join(directory, 'target')]
    const scratch = join(directory, 'scratch')
    await using files = new AsyncDisposableStack()
    files.defer(() => rm(directory, { recursive: true }))
    await mkdir(scratch, { recursive: true })
    await writeFile(image, '')
    await truncate(image, VOLUME_BYTES)
    const use = files.use(kind === 'block' ? await showDevice(image, path) : await mount(kind, image, path))
    const all = files.move()
    return {
      path,
      directory,
      scratch,
      image,
      close: () => use.disposeAsync(),
      [Symbol.asyncDispose]: () => all.disposeAsync(),
    }
  }
}

async function showDevice(image: string, target: string): Promise<AsyncDisposableStack> {
  await using undo = new AsyncDisposableStack()
  const device = await attach(image, SECTOR_BYTES.block)
  undo.defer(() => finish('losetup', '--detach', device))
  await writeFile(target, '')
  await bind(device, target, undo)
  return undo.move()
}

/** From its mount on the device is detached by the kernel, at the last unmount. */
async function mount(
  kind: Exclude<Kind, 'block'>,
  image: string,
  target: string,
): Promise<AsyncDisposableStack> {
  const { mkfs, mountOptions } = fileSystems[kind]
  const [program = '', ...args] = mkfs
  const staging = `${target}-staging`
  await mkdir(staging)
  await mkdir(target)
  await using undo = new AsyncDisposableStack()
  const device = await attach(image, SECTOR_BYTES.fileSystem)
  try {
    await tool(program, ...args, device)
    await tool('mount', '-t', kind, '-o', mountOptions, device, staging)
    undo.defer(() => finish('umount', staging))
  } finally {
    await tool('losetup', '--detach', device)
  }
  await bind(staging, target, undo)
  return undo.move()
}

async function attach(image: string, sectorBytes: number): Promise<string> {
  return tool('losetup', '--find', '--show', '--direct-io=on', '--sector-size', `${sectorBytes}`, image)
}

async function bind(source: string, target: string, undo: AsyncDisposableStack): Promise<void> {
  await tool('mount', '--bind', source, target)
  undo.defer(() => finish('umount', target))
}

async function finish(command: string, ...args: string[]): Promise<void> {
  await tool(command, ...args)
}
