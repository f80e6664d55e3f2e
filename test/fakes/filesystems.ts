import { randomUUID } from 'node:crypto'
import { VolumeError } from '../../src/volumes/model/errors.ts'
import {
  fsTypes,
  type FileSystemIdentity,
  type FileSystems,
  type FsType,
  type RepairCommands,
  type Signature,
} from '../../src/volumes/model/ports/file-systems.ts'
import { FakeErrno } from './errno.ts'
import type { FakeLoopDevices } from './loop-devices.ts'

/** What is on a device. */
export interface FakeContent extends Signature {
  /** The size that the file system was made or grown for. */
  readonly sizeBytes: bigint
  /** A check removes `repairable`, and fails for `hopeless`. */
  readonly damage?: 'repairable' | 'hopeless'
}

type Operation = 'probe' | 'format' | 'check' | 'growUnmounted' | 'grow' | 'renew'

const nothing = { type: undefined, partitionTable: undefined, uuid: undefined, unfinished: false } as const

/** File systems in memory. */
export class FakeFileSystems implements FileSystems {
  /** What was done, in order, for example `format ext4 /dev/loop0`. */
  readonly log: string[] = []
  /** The mkfs options of the last format. */
  formatOptions: readonly string[] = []
  readonly #sizes = new Map<string, bigint>()
  readonly #contents = new Map<string, FakeContent>()
  readonly #failures = new Map<Operation, Error>()
  readonly #loops: Pick<FakeLoopDevices, 'backingOf'> | undefined

  /**
   * @param loops when given, a device has the file system of its image, and exists while it is attached. By
   * default a device is a name that a test makes known, and keeps its file system.
   */
  constructor(loops?: Pick<FakeLoopDevices, 'backingOf'>) {
    this.#loops = loops
  }

  /** Makes a device known, or larger; a new one is blank. */
  setSize(device: string, sizeBytes: bigint): void {
    this.#sizes.set(device, sizeBytes)
  }

  setContent(device: string, content: Partial<FakeContent>): void {
    this.#contents.set(this.#placeOf(device), { ...nothing, sizeBytes: this.#sizeOf(device), ...content })
  }

  contentOf(device: string): FakeContent | undefined {
    return this.#contents.get(this.#placeOf(device))
  }

  /** The next call of this operation fails. */
  failNext(operation: Operation, error: Error): void {
    this.#failures.set(operation, error)
  }

  minimumBytes(type: FsType): bigint {
    return { ext4: 8n << 20n, xfs: 300n << 20n, btrfs: 256n << 20n }[type]
  }

  mountOptions(type: FsType): readonly string[] {
    return type === 'xfs' ? ['nouuid'] : []
  }

  uuidOptions(type: FsType, uuid: string): readonly string[] | undefined {
    return type === 'btrfs' ? undefined : [`uuid=${uuid}`]
  }

  repairs(type: FsType): RepairCommands {
    return { superblock: `repair.${type} <device>`, uuid: (uuid) => `uuid.${type} ${uuid} <device>` }
  }

  async probe(device: string, signal: AbortSignal): Promise<Signature> {
    await this.#begin('probe', device, signal)
    const { type, partitionTable, uuid, unfinished } = this.contentOf(device) ?? nothing
    return { type, partitionTable, uuid, unfinished }
  }

  identify(device: string): Promise<FileSystemIdentity | undefined> {
    const { type: found, uuid } = this.contentOf(device) ?? nothing
    const type = fsTypes.find((known) => known === found)
    return Promise.resolve(type && { type, uuid })
  }

  async format(type: FsType, device: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    const sizeBytes = this.#sizeOf(device)
    const before = this.contentOf(device)
    // The real one trusts its caller to have probed; here a caller that did not is found out.
    if (before && !before.unfinished) throw new Error(`the device ${device} to format is not blank`)
    if (sizeBytes < this.minimumBytes(type)) throw new Error(`the device ${device} is too small for ${type}`)
    await this.#begin('format', `${type} ${device}`, signal)
    this.formatOptions = options
    const chosen = options.find((option) => option.startsWith('uuid='))?.slice('uuid='.length)
    this.setContent(device, { type, uuid: chosen ?? randomUUID() })
  }

  async check(type: FsType, device: string, signal: AbortSignal): Promise<void> {
    await this.#begin('check', `${type} ${device}`, signal)
    const content = this.contentOf(device)
    if (content?.damage === 'hopeless')
      throw new VolumeError('failed-precondition', `${device} is beyond repair`)
    if (content) this.setContent(device, { type, uuid: content.uuid, sizeBytes: content.sizeBytes })
  }

  async growUnmounted(type: FsType, device: string, signal: AbortSignal): Promise<void> {
    await this.#begin('growUnmounted', `${type} ${device}`, signal)
    if (type === 'ext4') this.setContent(device, { type, uuid: this.contentOf(device)?.uuid })
  }

  hasRoomToGrow(_type: FsType, device: string): Promise<boolean> {
    return Promise.resolve((this.contentOf(device)?.sizeBytes ?? 0n) < this.#sizeOf(device))
  }

  async grow(type: FsType, device: string, mountPoint: string, signal: AbortSignal): Promise<void> {
    await this.#begin('grow', `${type} ${device} ${mountPoint}`, signal)
    this.setContent(device, { type, uuid: this.contentOf(device)?.uuid })
  }

  /** An image, unlike a device, needs not to be known here. */
  async renew(type: FsType, image: string, signal: AbortSignal): Promise<string | undefined> {
    await this.#begin('renew', `${type} ${image}`, signal)
    return type === 'btrfs' ? randomUUID() : undefined
  }

  #placeOf(device: string): string {
    return this.#loops?.backingOf(device)?.image ?? device
  }

  #sizeOf(device: string): bigint {
    const size = this.#loops?.backingOf(device)?.sizeBytes ?? this.#sizes.get(device)
    if (size === undefined) throw new FakeErrno('ENOENT', device)
    return size
  }

  /** The first step of every operation: fail if requested, or take its time and be logged. */
  async #begin(operation: Operation, what: string, signal: AbortSignal): Promise<void> {
    if (operation === 'probe') this.#sizeOf(what)
    await Promise.resolve()
    signal.throwIfAborted()
    const failure = this.#failures.get(operation)
    this.#failures.delete(operation)
    if (failure) throw failure
    this.log.push(`${operation} ${what}`)
  }
}
