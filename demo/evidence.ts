import { statfs } from 'node:fs/promises'
import { basename } from 'node:path'
import { LinuxImageFiles } from '../src/linux/images/image-files.ts'
import type { LinuxLoopDevices } from '../src/linux/loop/loop-devices.ts'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import type { LoopState } from '../src/volumes/model/ports.ts'
import { alignCells } from '../src/cli/terminal/table.ts'
import type { Workspace } from './workspace.ts'

/** Looks at the machine, past the driver, so that the audience need not believe what it says of itself. */
export class Evidence {
  readonly #loops: LinuxLoopDevices
  readonly #workspace: Workspace

  constructor(loops: LinuxLoopDevices, workspace: Workspace) {
    this.#loops = loops
    this.#workspace = workspace
  }

  /** What `df` would print. */
  async df(image: string, mountPoint: string): Promise<string[]> {
    const device = await this.device(image)
    const { blocks, bfree, bavail, bsize } = await statfs(mountPoint, { bigint: true })
    const used = blocks - bfree
    const percent = `${Math.ceil((100 * Number(used)) / Number(used + bavail))}%`
    const sizes = [blocks, used, bavail].map((count) => formatBytes(count * bsize))
    const head = ['Filesystem', 'Size', 'Used', 'Avail', 'Use%', 'Mounted on']
    const row = [device.device.path, ...sizes, percent, this.#workspace.short(mountPoint)]
    return alignCells([head, row], [1, 2, 3, 4])
  }

  /** What `losetup --list` would say of the volume's device. */
  async loop(image: string): Promise<string[]> {
    const { device, sizeBytes, directIo, autoclear } = await this.device(image)
    const properties = [formatBytes(sizeBytes), directIo && 'direct I/O', autoclear && 'autoclear']
    return [
      `${device.path} (${properties.filter(Boolean).join(', ')}) is made of`,
      this.#workspace.short(image),
    ]
  }

  /** The file behind a volume: how long it is, and what it takes. */
  async file(image: string): Promise<string> {
    const { logical, allocated } = await new LinuxImageFiles().size(image)
    return `${basename(image)}: ${formatBytes(logical)} long, takes ${formatBytes(allocated)} of the disk`
  }

  /** The device of a volume's file. @throws Error when it has none */
  async device(image: string): Promise<LoopState> {
    const state = await this.#loops.find(image)
    if (!state) throw new Error(`${image} has no loop device`)
    return state
  }

  /** @throws Error when a volume's file still has a device */
  async noDevice(image: string): Promise<void> {
    const state = await this.#loops.find(image)
    if (state) throw new Error(`${image} is still attached to ${state.device.path}`)
  }
}

/** @throws Error saying what the audience was promised, when it does not hold */
export function expectThat(promise: string, holds: boolean): void {
  if (!holds) throw new Error(`this does not hold: ${promise}`)
}
