import { hasErrno } from '../../volumes/model/errors.ts'
import type { LoopDevice } from '../../volumes/model/ports/loop-devices.ts'
import type {
  MountEntry,
  MountRequest,
  Mounts,
  OpenFileSystem,
  TrimStep,
} from '../../volumes/model/ports/mounts.ts'
import { mountFlags, unmountFlags } from '../abi/mount.ts'
import { withLoops } from '../loop/mount-loops.ts'
import { findMount, mountIdAt, readMountInfo } from '../mountinfo/find-mount.ts'
import { parseMountInfo } from '../mountinfo/mountinfo.ts'
import { waitForStartingChildren } from '../process/posix-spawn.ts'
import { mount, umount2 } from '../system-calls.ts'
import { bindReadOnly } from './mount-api.ts'
import { differingOptions, parseMountOptions } from './mount-options.ts'
import { openFileSystem } from './open-filesystem.ts'
import { trim } from './trim.ts'

/** The calls, which a test replaces by failing ones. */
export interface MountCalls {
  readonly mount: typeof mount
  readonly umount2: typeof umount2
  readonly bindReadOnly: typeof bindReadOnly
}

/** The Mounts port on mount(2) and umount2(2), in the mount namespace of this process. */
export class LinuxMounts implements Mounts {
  readonly #system: MountCalls

  constructor(system: MountCalls = { mount, umount2, bindReadOnly }) {
    this.#system = system
  }

  async list(): Promise<MountEntry[]> {
    return withLoops(parseMountInfo(await readMountInfo()))
  }

  async at(path: string): Promise<MountEntry | undefined> {
    const mount = await findMount(path, mountIdAt)
    return mount && (await withLoops([mount]))[0]
  }

  async mount({ source, target, fsType, options }: MountRequest): Promise<void> {
    const { flags, data } = parseMountOptions(options)
    await this.#system.mount(source, target, fsType, flags, data)
  }

  differences({ options }: MountEntry, asked: readonly string[]): string[] {
    return differingOptions(options, asked)
  }

  async bind(source: string, target: string, options: { readonly readOnly: boolean }): Promise<void> {
    if (options.readOnly) await this.#bindReadOnly(source, target)
    else await this.#system.mount(source, target, null, mountFlags.bind, null)
  }

  async makePrivate(target: string): Promise<void> {
    await this.#system.mount('none', target, null, mountFlags.private, null)
  }

  async unmount(target: string): Promise<void> {
    const unmount = (): Promise<void> => this.#system.umount2(target, unmountFlags.noFollow)
    try {
      await unmount().catch(async (error: unknown) => {
        if (!hasErrno(error, 'EBUSY')) throw error
        await waitForStartingChildren()
        await unmount()
      })
    } catch (error) {
      // EINVAL has several meanings (umount(2)), of which "not a mount point" is checked here.
      if (!hasErrno(error, 'EINVAL', 'ENOENT', 'ENOTDIR')) throw error
      if ((await mountIdAt(target)) !== undefined) throw error
    }
  }

  openFileSystem(device: LoopDevice): Promise<OpenFileSystem | undefined> {
    return openFileSystem(device)
  }

  trim(mountPoint: string, from: bigint): Promise<TrimStep> {
    return trim(mountPoint, from)
  }

  async #bindReadOnly(source: string, target: string): Promise<void> {
    try {
      await this.#system.bindReadOnly(source, target)
    } catch (error) {
      if (!hasErrno(error, 'ENOSYS')) throw error
      await this.#bindReadOnlyInSteps(source, target)
    }
  }

  /** The way before Linux 5.12. A process that is killed between the two calls leaves a writable mount. */
  async #bindReadOnlyInSteps(source: string, target: string): Promise<void> {
    await this.#system.mount(source, target, null, mountFlags.bind, null)
    await using undo = new AsyncDisposableStack()
    undo.defer(() => this.#system.umount2(target, unmountFlags.detach | unmountFlags.noFollow))
    await this.#makeReadOnly(target)
    undo.move()
  }

  /**
   * A bind mount takes its flags from its source, and mount(2) ignores others; only a second call can change
   * them. That call sets all flags, so those to keep are passed again: without them nosuid would be lost, or
   * in a user namespace the call refused. Access times are the exception: without their flags they stay as
   * they are.
   */
  async #makeReadOnly(target: string): Promise<void> {
    const kept = keptFlags(await this.at(target))
    await this.#system.mount(
      'none',
      target,
      null,
      mountFlags.remount | mountFlags.bind | mountFlags.readOnly | kept,
      null,
    )
  }
}

const toKeep = mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec | mountFlags.noSymFollow

function keptFlags(entry: MountEntry | undefined): number {
  return parseMountOptions(entry?.options ?? []).flags & toKeep
}
