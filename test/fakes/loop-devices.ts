import { stat } from 'node:fs/promises'
import { VolumeError } from '../../src/volumes/model/errors.ts'
import type {
  Attachment,
  AttachOptions,
  LoopDevice,
  LoopDevices,
  LoopState,
  SweptDevices,
} from '../../src/volumes/model/ports/loop-devices.ts'

/** What a device is attached to, or may be. */
interface Backing {
  /** Distinguishes files, whatever their path is; a device has its path. */
  readonly id: string
  readonly sizeBytes: bigint
}

interface Bound {
  readonly image: string
  readonly id: string
  readonly state: LoopState
}

/** The kernel leaves out an incomplete one at the end. */
const SECTOR_BYTES = 512n

/** As the kernel stores it, without the NUL at its end. */
const MAX_NAME_BYTES = 63

/** Loop devices in memory. Images are files that exist; a device can itself be the image of a second one. */
export class FakeLoopDevices implements LoopDevices {
  readonly #bound = new Map<number, Bound>()
  readonly #users = new Map<number, number>()
  readonly #writes = new Map<number, number>()
  /** Whether the images' file system can do direct I/O. */
  directIoWorks = true

  async attach(image: string, options: AttachOptions, signal: AbortSignal): Promise<Attachment> {
    signal.throwIfAborted()
    const { id, sizeBytes } = await this.#backingAt(image)
    if (Buffer.byteLength(options.name) > MAX_NAME_BYTES) throw new RangeError(`${options.name} is too long`)
    if (this.#findBound(id)) throw new VolumeError('failed-precondition', `${image} is attached already`)
    const directIo = options.directIo !== 'off' && this.directIoWorks
    if (options.directIo === 'on' && !directIo) {
      throw new VolumeError('failed-precondition', 'directIO: "on" is not possible here')
    }
    let number = 0
    while (this.#bound.has(number)) number++
    const device = { number, path: `/dev/loop${number}` }
    const { name, readOnly, autoclear } = options
    const state = { device, name, readOnly, autoclear, directIo, sizeBytes }
    this.#bound.set(number, { image, id, state })
    this.hold(device)
    const below = this.#deviceNamed(image)
    if (below) this.hold(below.state.device)
    return {
      device,
      directIo,
      [Symbol.asyncDispose]: () => {
        this.release(device)
        return Promise.resolve()
      },
    }
  }

  async find(image: string): Promise<LoopState | undefined> {
    const { id } = await this.#backingAt(image)
    return this.#findBound(id)?.state
  }

  findNamed(name: string): Promise<LoopState[]> {
    const named = [...this.#bound.values()].filter(({ state }) => state.name === name)
    const ofFiles = named.filter(({ image }) => this.#deviceNamed(image) === undefined)
    return Promise.resolve(ofFiles.map(({ state }) => state))
  }

  async detach(image: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const found = await this.find(image)
    if (found) this.#detach(found.device)
  }

  async detachWithAbove(image: string, signal: AbortSignal): Promise<void> {
    const own = await this.find(image)
    const onTop = [...this.#bound.values()].filter((bound) => bound.image === own?.device.path)
    for (const { state } of onTop) this.#detach(state.device)
    await this.detach(image, signal)
  }

  detachNamed(name: string): Promise<void> {
    const named = [...this.#bound.values()].filter(({ state }) => state.name === name)
    const isOnTop = ({ image }: Bound): boolean => this.#deviceNamed(image) !== undefined
    for (const { state } of [...named.filter(isOnTop), ...named.filter((bound) => !isOnTop(bound))]) {
      this.#detach(state.device)
    }
    return Promise.resolve()
  }

  /** What `recover` finds. */
  found: SweptDevices = { detached: [], remaining: [], unknown: [] }

  detachOrphaned(): Promise<SweptDevices> {
    return Promise.resolve(this.found)
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  writes(device: LoopDevice): string {
    return `${this.#writes.get(device.number) ?? 0}`
  }

  /** What a writer does to a device. */
  write(device: LoopDevice): void {
    this.#writes.set(device.number, (this.#writes.get(device.number) ?? 0) + 1)
  }

  setDirectIo(device: LoopDevice, on: boolean): Promise<boolean> {
    const directIo = on && this.directIoWorks
    const bound = this.#bound.get(device.number)
    if (bound) this.#bound.set(device.number, { ...bound, state: { ...bound.state, directIo } })
    return Promise.resolve(directIo)
  }

  async resize(device: LoopDevice): Promise<void> {
    const bound = this.#bound.get(device.number)
    if (!bound) return
    const { sizeBytes } = await this.#backingAt(bound.image)
    this.#bound.set(device.number, { ...bound, state: { ...bound.state, sizeBytes } })
  }

  /** What an attached device has behind it. */
  backingOf(device: string): { readonly image: string; readonly sizeBytes: bigint } | undefined {
    const bound = this.#deviceNamed(device)
    return bound && { image: bound.image, sizeBytes: bound.state.sizeBytes }
  }

  /** What a mount, or a program that opens it, does to a device. */
  hold(device: LoopDevice): void {
    this.#users.set(device.number, this.#usersOf(device) + 1)
  }

  /** The opposite of hold: the last one frees a device with autoclear. */
  release(device: LoopDevice): void {
    this.#users.set(device.number, this.#usersOf(device) - 1)
    if (this.#usersOf(device) === 0 && this.#bound.get(device.number)?.state.autoclear) this.#unbind(device)
  }

  #detach(device: LoopDevice): void {
    if (this.#usersOf(device) > 0) {
      throw new VolumeError('failed-precondition', `${device.path} is still in use; it is not detached`)
    }
    this.#unbind(device)
  }

  #unbind(device: LoopDevice): void {
    const below = this.#deviceNamed(this.#bound.get(device.number)?.image ?? '')
    this.#bound.delete(device.number)
    if (below) this.release(below.state.device)
  }

  #usersOf(device: LoopDevice): number {
    return this.#users.get(device.number) ?? 0
  }

  #findBound(id: string): Bound | undefined {
    const name = this.#deviceNamed(id)?.state.name
    return [...this.#bound.values()].find(
      (bound) => bound.id === id && (name === undefined || bound.state.name === name),
    )
  }

  #deviceNamed(path: string): Bound | undefined {
    return [...this.#bound.values()].find((bound) => bound.state.device.path === path)
  }

  async #backingAt(image: string): Promise<Backing> {
    const below = this.#deviceNamed(image)
    if (below) return { id: image, sizeBytes: below.state.sizeBytes }
    const file = await stat(image, { bigint: true })
    if (!file.isFile()) throw new VolumeError('failed-precondition', `${image} is no regular file`)
    return { id: `${file.dev}:${file.ino}`, sizeBytes: file.size - (file.size % SECTOR_BYTES) }
  }
}
