import { open, stat, type FileHandle } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { never } from '../../volumes/concurrency/deadlines.ts'
import { hasErrno, VolumeError } from '../../volumes/model/errors.ts'
import type {
  Attachment,
  AttachOptions,
  LoopDevice,
  LoopDevices,
  LoopState,
  SweptDevices,
} from '../../volumes/model/ports/loop-devices.ts'
import { openImageOrDevice } from '../files/open-image.ts'
import { tryLockExclusive } from '../system-calls.ts'
import { attachFreeDevice, removePartitions, verify } from './attach.ts'
import type { LoopControl } from './control.ts'
import { OrphanedDeviceDetacher } from './detach-orphaned.ts'
import { backedBy, detach, detachAll, inDirectory, isInDirectory, targetOf, tryDetach } from './detach.ts'
import { DeviceNodes } from './device-nodes.ts'
import {
  backingOf,
  getStatus,
  identityKey,
  identityOf,
  isBackedBy,
  makeWritable,
  setCapacity,
  setDirectIo,
  type BackingIdentity,
} from './device.ts'
import {
  attachedNumbers,
  inspectNumber,
  listAttached,
  namedOf,
  onTopOf,
  scan,
  writeCounter,
  type InventoryEntry,
  type Scan,
} from './inventory.ts'
import { MountedDevices } from './mounted-devices.ts'

/** For locks that other processes hold for a moment while they test them. */
const LOCK_ATTEMPTS = 20
const LOCK_PAUSE_MS = 20

const mountedHere = (): Promise<MountedDevices> => MountedDevices.here()
const mountedEverywhere = (): Promise<MountedDevices> => MountedDevices.everywhere()

/**
 * The LoopDevices port on the kernel.
 *
 * A lock on the file (flock(2)), taken before it is attached, prevents two devices on one file: the kernel
 * keeps our open file, and so the lock, exactly as long as the device is attached. This works across
 * processes, containers and mount namespaces, and costs the same for any number of devices.
 */
export class LinuxLoopDevices implements LoopDevices {
  readonly #control: LoopControl
  readonly #nodes: DeviceNodes
  /** The last known device of an image: a hint, which is always verified with the kernel. */
  readonly #lastSeen = new Map<string, number>()
  readonly #attached: (number: number) => void

  /** @param attached called for every device that was attached */
  constructor(
    control: LoopControl,
    nodes = new DeviceNodes(),
    attached: (number: number) => void = () => undefined,
  ) {
    this.#control = control
    this.#nodes = nodes
    this.#attached = attached
  }

  async attach(image: string, options: AttachOptions, signal: AbortSignal): Promise<Attachment> {
    await using backing = await openBackingFile(image, options.readOnly ? 'r' : 'r+')
    const { file, identity } = backing
    await this.#lock(image, backing, signal)
    await requireSameFile(image, identity)
    const opened = await attachFreeDevice(this.#control, this.#nodes, file.fd, options, signal)
    const device = { number: opened.number, path: opened.path }
    try {
      await removePartitions(opened.number, opened.handle.fd)
      if (!options.readOnly) await makeWritable(opened.handle.fd)
      const directIo = await verify(opened, file, identity, options)
      this.#lastSeen.set(identityKey(identity, options.name), opened.number)
      this.#attached(opened.number)
      return { device, directIo, [Symbol.asyncDispose]: () => opened.handle.close() }
    } catch (error) {
      await opened.handle.close()
      // Waits for another program that has it open exclusively for a moment.
      const unmounted = () => Promise.resolve(MountedDevices.none)
      await detach(device, backedBy(identity), unmounted, never).catch(() => undefined)
      throw error
    }
  }

  async find(image: string): Promise<LoopState | undefined> {
    await using backing = await openBackingFile(image, 'r')
    return await this.#find(image, backing)
  }

  async findNamed(name: string): Promise<LoopState[]> {
    return namedOf(name, await listAttached(this.#nodes)).map(({ state }) => state)
  }

  async detach(image: string, signal: AbortSignal): Promise<void> {
    await this.#detachImage(image, signal, async ({ device }, identity) => {
      await detach(device, backedBy(identity), mountedHere, signal)
    })
  }

  async detachWithAbove(image: string, signal: AbortSignal): Promise<void> {
    await this.#detachImage(image, signal, async ({ device, autoclear }, identity) => {
      const matches = backedBy(identity)
      const use = await tryDetach(device, matches, await mountedHere())
      if (!use) return
      // Devices on top have this one open. Only in this case are all devices read.
      const above = onTopOf(device, await listAttached(this.#nodes)).map(targetOf)
      await detachAll([...above, { device, matches, autoclear }], mountedHere, signal)
    })
  }

  /**
   * Detaches a device from any file, for operators.
   * @param isHere as in `detachOrphaned`: devices of other nodes are detached only where all mounts are
   * visible
   * @throws VolumeError failed-precondition when it has no file, or is or may be in use
   */
  async detachDevice(
    number: number,
    signal: AbortSignal,
    isHere: (name: string) => boolean = () => true,
  ): Promise<void> {
    const entry = await inspectNumber(this.#nodes, number)
    if (!entry)
      throw new VolumeError('failed-precondition', `ENXIO: /dev/loop${number} is not attached to a file`)
    const { device, name } = entry.state
    if (!isHere(name) && !(await mountedEverywhere()).isComplete) {
      throw new VolumeError(
        'failed-precondition',
        `${device.path} belongs to volume "${name}" of another node, whose mounts are not visible here; if that node no longer exists, use --force`,
      )
    }
    await detach(device, targetOf(entry).matches, mountedEverywhere, signal)
  }

  async detachNamed(name: string, signal: AbortSignal): Promise<void> {
    const all = await listAttached(this.#nodes)
    const named = namedOf(name, all)
    const targets = named.flatMap((entry) => [...onTopOf(entry.state.device, all), entry]).map(targetOf)
    for (const number of (await attachedNumbers()).filter((number) => isInDirectory(number, name))) {
      if (named.some(({ state }) => state.device.number === number)) continue
      const device = { number, path: await this.#nodes.loop(number) }
      // The kernel reports no state for a device on a file system that has shut down, but does for those on
      // top of it, which keep it open.
      targets.push(...onTopOf(device, all).map(targetOf))
      targets.push({ device, matches: inDirectory(name), autoclear: false })
    }
    await detachAll(targets, mountedEverywhere, signal)
  }

  async detachOrphaned(isOurs: (name: string) => boolean, isHere = isOurs): Promise<SweptDevices> {
    const found = await scan(this.#nodes)
    this.#remember(found)
    return new OrphanedDeviceDetacher(found, isHere).detach(isOurs)
  }

  async flush(device: LoopDevice): Promise<void> {
    await using handle = await open(device.path, 'r')
    await handle.sync()
  }

  writes(device: LoopDevice): string {
    return writeCounter(device.number)
  }

  async setDirectIo(device: LoopDevice, on: boolean): Promise<boolean> {
    await using handle = await open(device.path, 'r')
    try {
      await setDirectIo(handle.fd, on)
      return on
    } catch (error) {
      if (on && hasErrno(error, 'EINVAL')) return false
      throw error
    }
  }

  async resize(device: LoopDevice): Promise<void> {
    await using handle = await open(device.path, 'r')
    await setCapacity(handle.fd)
  }

  async #detachImage(
    image: string,
    signal: AbortSignal,
    detachFound: (state: LoopState, identity: BackingIdentity) => Promise<void>,
  ): Promise<void> {
    await using backing = await openBackingFile(image, 'r')
    const { file, identity } = backing
    const state = await this.#find(image, backing)
    if (state) {
      await detachFound(state, identity)
      this.#lastSeen.delete(identityKey(identity, state.name))
    }
    if (identity.rdev === 0n) await untilUnlocked(image, file, signal)
  }

  /** Remembers where images are attached. Devices of unknown state keep their entry. */
  #remember({ entries, unknown }: Scan): void {
    const numbers = unknown.map(({ number }) => number)
    for (const [key, number] of this.#lastSeen) if (!numbers.includes(number)) this.#lastSeen.delete(key)
    for (const { state, info } of entries) {
      this.#lastSeen.set(identityKey(backingOf(info), state.name), state.device.number)
    }
  }

  async #find(image: string, { file, identity }: BackingFile): Promise<LoopState | undefined> {
    // A device has a device node in every /dev, each with its own lock.
    const isLockShared = identity.rdev === 0n
    const name = isLockShared ? undefined : await nameOf(file)
    const key = identityKey(identity, name)
    // A free lock proves that nothing is attached. Otherwise, without a hint, all devices must be read.
    if (isLockShared && this.#isFree(image, file, key)) return undefined
    const matches = ({ info, state }: InventoryEntry): boolean =>
      isBackedBy(info, identity) && (name === undefined || state.name === name)
    const hint = this.#lastSeen.get(key)
    const hinted = hint === undefined ? undefined : await inspectNumber(this.#nodes, hint)
    if (hinted && matches(hinted)) return hinted.state
    if (!isLockShared && this.#isFree(image, file, key)) return undefined
    const entry = (await listAttached(this.#nodes)).find(matches)
    // The list leaves out devices on file systems that do not answer. This throws for such a file.
    if (!entry) await file.stat()
    if (entry) this.#lastSeen.set(key, entry.state.device.number)
    return entry?.state
  }

  #isFree(image: string, file: FileHandle, key: string): boolean {
    const isFree = tryLockExclusive(file.fd, image)
    if (isFree) this.#lastSeen.delete(key)
    return isFree
  }

  /**
   * Takes the lock that the device will hold. A process that only tries whether it is free holds it for a
   * moment.
   */
  async #lock(image: string, backing: BackingFile, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !tryLockExclusive(backing.file.fd, image); attempt++) {
      const state = await this.#find(image, backing)
      if (state)
        throw new VolumeError('failed-precondition', `${image} is attached to ${state.device.path} already`)
      if (attempt === LOCK_ATTEMPTS) {
        throw new VolumeError('failed-precondition', `${image} is locked by another process`)
      }
      await setTimeout(Math.random() * LOCK_PAUSE_MS, undefined, { signal })
    }
  }
}

/**
 * Waits until the kernel has closed the file of a detached device: __loop_clr_fd() of drivers/block/loop.c
 * first detaches the device and closes the file last. If the last user is another process, such as udev after
 * an unmount with autoclear, only the lock shows when that has happened. A lock that stays held belongs to
 * another process.
 */
async function untilUnlocked(image: string, file: FileHandle, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; attempt < LOCK_ATTEMPTS && !tryLockExclusive(file.fd, image); attempt++)
    await setTimeout(Math.random() * LOCK_PAUSE_MS, undefined, { signal })
}

/** The name of the file if it is a loop device; undefined for anything else. */
async function nameOf(file: FileHandle): Promise<string | undefined> {
  try {
    return (await getStatus(file.fd)).fileName
  } catch (error) {
    if (hasErrno(error, 'ENXIO', 'ENOTTY', 'EINVAL')) return undefined
    throw error
  }
}

/** An open image or block device. */
interface BackingFile extends AsyncDisposable {
  readonly file: FileHandle
  readonly identity: BackingIdentity
}

async function openBackingFile(path: string, mode: 'r' | 'r+'): Promise<BackingFile> {
  const { file, stat } = await openImageOrDevice(path, mode)
  return { file, identity: identityOf(stat), [Symbol.asyncDispose]: () => file.close() }
}

/** A command that replaces an image holds the lock of the old file until that is done. */
async function requireSameFile(image: string, { inode, rdev }: BackingIdentity): Promise<void> {
  if (rdev !== 0n || (await stat(image, { bigint: true })).ino === inode) return
  throw new VolumeError('aborted', `${image} was replaced by another file just now; repeat the call`)
}
