import { mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mountFlags } from '../../src/linux/abi/mount.ts'
import { LinuxFileSystems } from '../../src/linux/filesystems/index.ts'
import { LinuxImageFiles } from '../../src/linux/images/image-files.ts'
import { mount, umount2 } from '../../src/linux/system-calls.ts'
import { never } from '../../src/volumes/concurrency/deadlines.ts'
import { flush, replaceFile } from '../../src/volumes/pool/files/durable.ts'
import type { AttachedDevice, Attacher } from './attachers.ts'
import type { Contender, Life, Step } from './contender.ts'
import { makeVolumePaths, type VolumePaths } from './volume-paths.ts'

/**
 * The least that each step needs: one system call, or one durable change of a directory, or mkfs or fsck
 * alone.
 */
export class FloorContender implements Contender, AsyncDisposable {
  readonly name = 'floor'
  readonly #lives: FloorLife[] = []
  readonly #directory: string
  readonly #attacher: Attacher

  constructor(directory: string, attacher: Attacher) {
    this.#directory = directory
    this.#attacher = attacher
  }

  async begin(name: string, sizeBytes: bigint): Promise<Life> {
    const paths = await makeVolumePaths(this.#directory, name)
    await mkdir(paths.target)
    const volume = join(this.#directory, `${name}.volume`)
    const life = new FloorLife(volume, paths, sizeBytes, this.#attacher)
    this.#lives.push(life)
    return life
  }

  /** Detaches the devices of interrupted life cycles. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#lives.map((life) => life.letGo()))
  }
}

class FloorLife implements Life {
  readonly #volume: string
  readonly #image: string
  readonly #paths: VolumePaths
  readonly #sizeBytes: bigint
  readonly #attacher: Attacher
  #attached: AttachedDevice | undefined

  constructor(volume: string, paths: VolumePaths, sizeBytes: bigint, attacher: Attacher) {
    this.#volume = volume
    this.#image = join(volume, 'disk.img')
    this.#paths = paths
    this.#sizeBytes = sizeBytes
    this.#attacher = attacher
  }

  /** Attaching has a table of its own, so here the device is there before its file system is timed. */
  async prepare(step: Step): Promise<void> {
    if (step === 'create') await mkdir(this.#volume)
    if (step === 'stage') await new LinuxImageFiles().create(this.#image, this.#sizeBytes, false, never)
    if (step === 'stage' || step === 'stageFormatted') {
      this.#attached = await this.#attacher.attach(this.#image)
    } else {
      // From here on only the mount keeps the device.
      await this.letGo()
    }
  }

  async letGo(): Promise<void> {
    await this.#attached?.[Symbol.asyncDispose]()
    this.#attached = undefined
  }

  /** One small file written, fsynced, renamed, and the directory fsynced. */
  async create(): Promise<void> {
    await replaceFile(join(this.#volume, 'volume.json'), '{}\n')
  }

  /** mkfs.ext4 with the driver's flags, and mount(2). */
  async stage(): Promise<void> {
    await new LinuxFileSystems().format('ext4', this.#device, [], never)
    await this.#mount()
  }

  async publish(): Promise<void> {
    await mount(this.#paths.staging, this.#paths.target, null, mountFlags.bind, null)
  }

  async unpublish(): Promise<void> {
    await umount2(this.#paths.target, 0)
  }

  /** The kernel detaches the device with it. */
  async unstage(): Promise<void> {
    await umount2(this.#paths.staging, 0)
  }

  /** e2fsck and mount(2). */
  async stageFormatted(): Promise<void> {
    await new LinuxFileSystems().check('ext4', this.#device, never)
    await this.#mount()
  }

  /** One durable rename, as the driver's; what is behind it is removed after that. */
  async delete(): Promise<void> {
    await rename(this.#volume, `${this.#volume}.deleted`)
    await flush(dirname(this.#volume))
  }

  async #mount(): Promise<void> {
    await mount(this.#device, this.#paths.staging, 'ext4', 0, null)
  }

  get #device(): string {
    if (!this.#attached) throw new Error('the device is not attached')
    return this.#attached.path
  }
}
