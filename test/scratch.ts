import { mkdir, mkdtemp, realpath, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeAll } from './support/leftovers.ts'
import { tool } from './tool.ts'

/** A directory, and devices and mounts that go with it, whatever a failed test left of them. */
export class Scratch implements AsyncDisposable {
  readonly path: string
  readonly #devices = new Map<string, string>()

  private constructor(path: string) {
    this.path = path
  }

  static async make(): Promise<Scratch> {
    return new Scratch(await realpath(await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))))
  }

  async directory(name: string): Promise<string> {
    const path = join(this.path, name)
    await mkdir(path, { recursive: true })
    return path
  }

  /** A loop device on a new sparse image of this size. */
  async device(sizeBytes: bigint): Promise<string> {
    const image = join(this.path, `image-${this.#devices.size}`)
    await writeFile(image, '')
    await truncate(image, Number(sizeBytes))
    return this.attach(image)
  }

  async attach(image: string): Promise<string> {
    const device = await tool('losetup', '--find', '--show', image)
    this.#devices.set(device, image)
    return device
  }

  imageOf(device: string): string {
    return this.#devices.get(device) ?? ''
  }

  /** Makes the device's image, and the device, larger. */
  async enlarge(device: string, sizeBytes: bigint): Promise<void> {
    await truncate(this.imageOf(device), Number(sizeBytes))
    await tool('losetup', '--set-capacity', device)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeAll(this.path)
  }
}
