import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import { isMountOf } from '../../machine/attachments.ts'
import { isShutDown } from '../../machine/mount-points.ts'
import { formatBytes, larger, roundUp } from '../../model/bytes.ts'
import { hasErrno, messageOf } from '../../model/errors.ts'
import type { PoolImageConfig } from '../../model/pool-config.ts'
import type { LoopDevice } from '../../model/ports/loop-devices.ts'
import type { MountEntry, Mounts } from '../../model/ports/mounts.ts'
import { lockDirectory } from '../files/directory.ts'
import { mkdir } from '../gate/turn.ts'
import { PoolUnreachableError } from '../gate/unreachable.ts'
import { makePoolImage, requireImage, type MakerDependencies } from './image-maker.ts'

export interface ImageMountsDependencies extends MakerDependencies {
  readonly mounts: Mounts
  readonly privateMounts: PrivateMounts
  readonly log: Logger
}

export interface ImageMountRequest {
  readonly pool: string
  readonly image: PoolImageConfig
  /** Where to mount it, below the directory of `privateMounts`. */
  readonly target: string
  /** True for a known pool: its image is never created again. */
  readonly isKnown: boolean
}

/** A device that stays attached until disposed of, or until its last unmount. */
interface HeldDevice extends AsyncDisposable {
  readonly device: LoopDevice
  /** Attached by an earlier driver that was killed or could not unmount it; this process does not hold it. */
  readonly isFound: boolean
}

/**
 * The pool holds only images, so it needs no devices, programs or access times. `discard` returns freed space
 * to the disk.
 */
const MOUNT_OPTIONS = ['noatime', 'nodev', 'noexec', 'nosuid', 'discard']

/**
 * Sectors as large as blocks: direct I/O to a file that shares blocks, as a copied pool image may, needs it.
 */
const ATTACH_OPTIONS = { readOnly: false, autoclear: true, directIo: 'auto', sectorBytes: 4096 } as const

/** The size of an image is a multiple of this. */
const BLOCK_BYTES = 4096n

/**
 * Creates, grows and mounts pool images. It reads the existing state from the kernel, so it can be repeated.
 */
export class ImageMounts {
  readonly #on: ImageMountsDependencies

  constructor(dependencies: ImageMountsDependencies) {
    this.#on = dependencies
  }

  /**
   * @returns the mount; disposing of it unmounts, unless the devices of volumes in use keep it mounted until
   * the next start
   * @throws PoolUnreachableError; VolumeError failed-precondition when a new image cannot be created at its
   * path
   */
  async mount(request: ImageMountRequest, signal: AbortSignal): Promise<AsyncDisposable> {
    const { files, privateMounts } = this.#on
    const { pool, isKnown, target } = request
    const image = { ...request.image, sizeBytes: roundUp(request.image.sizeBytes, BLOCK_BYTES) }
    const directory = dirname(image.file)
    if (!isKnown) await mkdir(directory, { recursive: true, mode: 0o700 })
    await using held = new AsyncDisposableStack()
    held.use(await lockDirectory(files, pool, directory))
    if (isKnown) await requireImage(files, pool, image)
    await privateMounts.prepare()
    const device = await this.#mountSomeDevice({ ...request, image }, signal)
    held.defer(() => this.#unmount({ ...request, image }))
    await this.#grow(pool, image, device, target, signal)
    return held.move()
  }

  async #mountSomeDevice(request: ImageMountRequest, signal: AbortSignal): Promise<LoopDevice> {
    for (;;) {
      await using held = await this.#hold(request, signal)
      try {
        await this.#mountDevice(request, held.device)
        if (!held.isFound || (await this.#isAttached(request, held.device))) return held.device
        await this.#on.mounts.unmount(request.target)
      } catch (error) {
        if (error instanceof PoolUnreachableError) throw error
        // Its last mount, in a container that has ended, was just being unmounted.
        if (held.isFound && !(await this.#isAttached(request, held.device))) continue
        throw new PoolUnreachableError(
          'PoolImageNotMountable',
          `pool "${request.pool}": ${request.image.file} cannot be mounted (${messageOf(error)}); check it with xfs_repair`,
          { cause: error },
        )
      }
    }
  }

  /**
   * A found device, which this process does not hold, may have been detached and attached to another file.
   * Once it is mounted that is impossible.
   */
  async #isAttached({ image }: ImageMountRequest, device: LoopDevice): Promise<boolean> {
    return (await this.#on.loops.find(image.file))?.device.number === device.number
  }

  async #hold({ pool, image }: ImageMountRequest, signal: AbortSignal): Promise<HeldDevice> {
    const { files, loops } = this.#on
    const options = { ...ATTACH_OPTIONS, name: pool }
    const isThere = await exists(files.size(image.file))
    const found = isThere ? await loops.find(image.file) : undefined
    if (found) {
      return { device: found.device, isFound: true, [Symbol.asyncDispose]: () => Promise.resolve() }
    }
    const attachment = isThere
      ? await loops.attach(image.file, options, signal)
      : await makePoolImage(this.#on, pool, image, options, signal)
    return {
      device: attachment.device,
      isFound: false,
      [Symbol.asyncDispose]: () => attachment[Symbol.asyncDispose](),
    }
  }

  async #mountDevice({ pool, target }: ImageMountRequest, device: LoopDevice): Promise<void> {
    const { fileSystems, mounts } = this.#on
    const mounted = await mounts.at(target)
    if (mounted) {
      if (!isMountOf(device, mounted)) throw occupied(pool, target, mounted)
      if (!(await isShutDown(target))) return
      await this.#takeAway(pool, target)
    }
    await mkdir(target, { recursive: true, mode: 0o700 })
    const options = [...fileSystems.mountOptions('xfs'), ...MOUNT_OPTIONS]
    await mounts.mount({ source: device.path, target, fsType: 'xfs', options })
  }

  /** Unmounts a file system that has shut down: the next mount replays its log and makes it usable again. */
  async #takeAway(pool: string, target: string): Promise<void> {
    try {
      await this.#on.mounts.unmount(target)
    } catch (error) {
      if (!hasErrno(error, 'EBUSY')) throw error
      throw new PoolUnreachableError(
        'PoolUnreadable',
        `pool "${pool}": its file system has shut down, and volumes in use hold it; delete their pods, and it is mounted again`,
        { cause: error },
      )
    }
  }

  /** Grows the image to the configured size. A pool that cannot grow is served at its old size. */
  async #grow(
    pool: string,
    { file, sizeBytes }: PoolImageConfig,
    device: LoopDevice,
    target: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { files, fileSystems, log, loops } = this.#on
    try {
      const { logical } = await files.size(file)
      if (logical > sizeBytes) {
        log.warn({ pool, size: formatBytes(logical) }, 'a pool image does not shrink; image.size is ignored')
      }
      await files.grow(file, sizeBytes, false, signal)
      const attached = await loops.find(file)
      if (attached && attached.sizeBytes < larger(logical, sizeBytes)) await loops.resize(device)
      await fileSystems.grow('xfs', device.path, target, signal)
    } catch (error) {
      log.error({ pool, reason: messageOf(error) }, 'the pool image could not be grown')
    }
  }

  async #unmount({ pool, image, target }: ImageMountRequest): Promise<void> {
    const { files, log, mounts } = this.#on
    try {
      // The mount is all that is left of a deleted image.
      await requireImage(files, pool, image)
      await mounts.unmount(target)
    } catch (error) {
      log.warn({ pool, reason: messageOf(error) }, 'the pool image stays mounted')
    }
  }
}

async function exists(stat: Promise<unknown>): Promise<boolean> {
  try {
    await stat
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false
    throw error
  }
}

function occupied(pool: string, target: string, { source }: MountEntry): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolImageNotMountable',
    `pool "${pool}": something else (${source}) is mounted on ${target}; unmount it`,
  )
}

/**
 * The directory of the driver's own mounts. It is a private mount, so that no other mount namespace gets
 * copies of the mounts below: such a copy keeps a file system in use as long as that namespace exists.
 */
export class PrivateMounts implements AsyncDisposable {
  readonly #mounts: Mounts
  readonly #path: string
  #isPrepared = false

  constructor(mounts: Mounts, path: string) {
    this.#mounts = mounts
    this.#path = path
  }

  /** Idempotent, also after a crash. */
  async prepare(): Promise<void> {
    if (this.#isPrepared) return
    if (!(await this.#mounts.at(this.#path))) {
      // Not in a pool, so it takes no turn at a gate.
      await fs.mkdir(this.#path, { recursive: true, mode: 0o700 })
      await this.#mounts.bind(this.#path, this.#path, { readOnly: false })
    }
    await this.#mounts.makePrivate(this.#path)
    this.#isPrepared = true
  }

  /** Mounts that are still in use stay, and the directory with them; the next start reuses both. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isPrepared) return
    try {
      await this.#mounts.unmount(this.#path)
    } catch (error) {
      if (!hasErrno(error, 'EBUSY')) throw error
    }
  }
}
