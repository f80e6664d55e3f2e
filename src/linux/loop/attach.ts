import { readdirSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { hasErrno, messageOf, VolumeError } from '../../volumes/model/errors.ts'
import type { AttachOptions, SectorBytes } from '../../volumes/model/ports/loop-devices.ts'
import {
  BLKPG,
  BLKPG_DEL_PARTITION,
  encodeBlkpgArgument,
  encodeBlkpgPartition,
  LO_FLAGS_AUTOCLEAR,
  LO_FLAGS_DIRECT_IO,
  LO_FLAGS_READ_ONLY,
  type LoopSettings,
} from '../abi/loop.ts'
import { addressOf } from '../libc.ts'
import { ioctlStruct } from '../system-calls.ts'
import type { LoopControl } from './control.ts'
import type { DeviceNodes } from './device-nodes.ts'
import * as device from './device.ts'
import { inspect } from './inventory.ts'

/** An attached device, open. */
export interface OpenLoop {
  readonly number: number
  readonly path: string
  readonly handle: FileHandle
}

const ATTEMPTS = 64
const MAX_PAUSE_MS = 20

/**
 * Attaches a free loop device to a file. Finding a free device and attaching it are two calls of an interface
 * that the whole machine shares (every container, snapd, losetup), so a lost race is normal: EBUSY means that
 * another process attached the device first, the other errors that it was removed or is being removed. The
 * next attempt follows after a random pause.
 *
 * A device that could not be attached may belong to another process, so it is never detached.
 *
 * @param ioctls replaced by tests of the fallback for kernels before 5.8
 * @throws VolumeError unavailable when all attempts lost; resource-exhausted when the kernel can make no more
 * devices
 */
export async function attachFreeDevice(
  control: LoopControl,
  nodes: DeviceNodes,
  backingFd: number,
  options: AttachOptions,
  signal: AbortSignal,
  ioctls: Pick<typeof device, 'configure'> = device,
): Promise<OpenLoop> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      return await inTurn(async () => {
        const number = await control.getFree()
        const path = await nodes.loop(number)
        const handle = await attach(path, backingFd, settings(options), options.sectorBytes, ioctls)
        return { number, path, handle }
      })
    } catch (error) {
      if (hasErrno(error, 'ENOSPC')) throw noMoreDevices(error)
      if (!hasErrno(error, 'EBUSY', 'EAGAIN', 'ENXIO', 'ENOENT', 'ENODEV')) throw error
      if (attempt === ATTEMPTS) throw alwaysLate(error)
      await setTimeout(Math.random() * Math.min(MAX_PAUSE_MS, 2 ** attempt), undefined, { signal })
    }
  }
}

/** An attempt takes less than a millisecond. One that does not return delays the next one for so long. */
const MAX_TURN_MS = 1000

let lastTurn: Promise<unknown> = Promise.resolve()

/**
 * The kernel names the same free device to all calls of this process that ask at once, of which one gets it.
 * Many calls would lose all their attempts against each other, so they try one after the other.
 */
function inTurn<T>(attempt: () => Promise<T>): Promise<T> {
  const tooLate = setTimeout(MAX_TURN_MS, undefined, { ref: false })
  const turn = Promise.race([lastTurn, tooLate]).then(attempt)
  lastTurn = turn.catch(() => undefined)
  return turn
}

function settings(options: AttachOptions): LoopSettings {
  const flags =
    (options.readOnly ? LO_FLAGS_READ_ONLY : 0) |
    (options.autoclear ? LO_FLAGS_AUTOCLEAR : 0) |
    (options.directIo === 'off' ? 0 : LO_FLAGS_DIRECT_IO)
  return { offset: 0n, sizeLimit: 0n, flags, fileName: options.name }
}

/** The kernel has minor numbers for 2^20 devices, fewer where `loop.max_part` is set. */
function noMoreDevices(cause: unknown): VolumeError {
  return new VolumeError(
    'resource-exhausted',
    `the kernel can add no more loop devices (${messageOf(cause)}); detach unused ones (losetup --list, losetup --detach)`,
    { cause },
  )
}

function alwaysLate(cause: unknown): VolumeError {
  return new VolumeError(
    'unavailable',
    `${ATTEMPTS} times another process was faster to attach a free loop device (${messageOf(cause)}); repeat the call`,
    { cause },
  )
}

async function attach(
  path: string,
  backingFd: number,
  settings: LoopSettings,
  sectorBytes: SectorBytes,
  ioctls: Pick<typeof device, 'configure'>,
): Promise<FileHandle> {
  const handle = await open(path, 'r+')
  try {
    try {
      await ioctls.configure(handle.fd, backingFd, sectorBytes, settings)
    } catch (error) {
      if (!hasErrno(error, 'EINVAL', 'ENOTTY', 'ENOSYS')) throw error
      await attachInSteps(handle.fd, backingFd, settings, sectorBytes)
    }
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * The fallback for kernels without LOOP_CONFIGURE. After a successful LOOP_SET_FD the device is ours, so a
 * failure detaches it.
 */
async function attachInSteps(
  fd: number,
  backingFd: number,
  settings: LoopSettings,
  sectorBytes: SectorBytes,
): Promise<void> {
  await device.setFd(fd, backingFd)
  try {
    await device.setStatus(fd, { ...settings, flags: settings.flags & ~LO_FLAGS_DIRECT_IO })
    await device.setBlockSize(fd, sectorBytes)
    if (settings.flags & LO_FLAGS_DIRECT_IO) {
      await device.setDirectIo(fd, true).catch((error: unknown) => {
        if (!hasErrno(error, 'EINVAL')) throw error
      })
    }
  } catch (error) {
    await device.clrFd(fd)
    throw error
  }
}

/** A loop device leaves out an incomplete sector at the end of its file. */
const SECTOR_BYTES = 512n

/**
 * Compares an attached device with what was requested.
 * @returns whether it does direct I/O
 * @throws when it differs
 */
export async function verify(
  opened: OpenLoop,
  file: FileHandle,
  identity: device.BackingIdentity,
  options: AttachOptions,
): Promise<boolean> {
  const entry = await inspect(opened.number, opened.path, opened.handle)
  if (!entry || !device.isBackedBy(entry.info, identity)) {
    throw new VolumeError(
      'aborted',
      `${opened.path} was attached and is free again; another process detached it`,
    )
  }
  const size = identity.rdev === 0n ? (await file.stat({ bigint: true })).size : await device.sizeOf(file.fd)
  const expected = size - (size % SECTOR_BYTES)
  if (entry.state.sizeBytes !== expected) {
    throw new Error(`${opened.path} has ${entry.state.sizeBytes} bytes, its file ${expected}`)
  }
  if (options.directIo === 'on' && !entry.state.directIo) {
    throw new VolumeError(
      'failed-precondition',
      'directIO: "on" is not possible here: the file system of the pool has no direct I/O for this image; use "auto"',
    )
  }
  return entry.state.directIo
}

/**
 * Removes the partitions of a device that was attached just now. They are those of an earlier file with this
 * number: some kernels (Linux 6.18.44) keep partitions that a program has added (BLKPG) after the detach.
 * @param fd the device, open for writing
 * @throws EBUSY when a partition is open
 */
export async function removePartitions(number: number, fd: number): Promise<void> {
  for (const partition of partitionsOf(number)) {
    const struct = encodeBlkpgPartition(partition)
    const argument = encodeBlkpgArgument(BLKPG_DEL_PARTITION, addressOf(struct))
    try {
      await ioctlStruct(fd, BLKPG, argument, `BLKPG: remove partition ${partition} of /dev/loop${number}`)
    } catch (error) {
      // Another process was faster.
      if (!hasErrno(error, 'ENXIO')) throw error
    } finally {
      // Keeps it alive until here: the kernel has its address.
      struct.fill(0)
    }
  }
}

/** By a blocking call, as `readAttribute` does. */
function partitionsOf(number: number): number[] {
  const pattern = new RegExp(`^loop${number}p(\\d+)$`)
  const names = readdirSync(`/sys/block/loop${number}`)
  return names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number)
}
