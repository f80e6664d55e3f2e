import { VolumeError } from '../../volumes/model/errors.ts'
import type {
  FileSystemIdentity,
  FileSystems,
  FsType,
  RepairCommands,
  Signature,
} from '../../volumes/model/ports/file-systems.ts'
import { open } from '../../volumes/pool/gate/turn.ts'
import { deviceSizeByName } from '../loop/device.ts'
import { openMountPoint } from '../mount/open-mount-point.ts'
import { hasCapability } from '../process/capabilities.ts'
import { CommandError } from '../process/command-error.ts'
import { run } from '../process/exec.ts'
import { blockBytesOf, probe } from './blkid.ts'
import type { System, Verdict } from './descriptor.ts'
import { hasRoomToGrow } from './superblock.ts'
import { debianPackages, identify, types } from './types.ts'

/** This machine. The error for a missing tool names its package. */
const thisSystem: System = {
  run: (command, args, options) =>
    run(command, args, { ...options, debianPackage: debianPackages.get(command) }),
  hasCapability,
  deviceSize: deviceSizeByName,
  openMountPoint,
}

/** The FileSystems port on the tools of each file system. */
export class LinuxFileSystems implements FileSystems {
  readonly #unavailable: ReadonlyMap<FsType, string>
  readonly #system: System

  /** @param unavailable the types that this machine cannot have, and why */
  constructor(unavailable: ReadonlyMap<FsType, string> = new Map(), system = thisSystem) {
    this.#unavailable = unavailable
    this.#system = system
  }

  minimumBytes(type: FsType): bigint {
    const reason = this.#unavailable.get(type)
    if (reason !== undefined)
      throw new VolumeError('failed-precondition', `fs_type ${type} is not available on this node: ${reason}`)
    return types[type].minimumBytes
  }

  mountOptions(type: FsType): readonly string[] {
    return types[type].mountOptions
  }

  uuidOptions(type: FsType, uuid: string): readonly string[] | undefined {
    return types[type].uuidOptions?.(uuid)
  }

  repairs(type: FsType): RepairCommands {
    return types[type].repairs
  }

  probe(device: string, signal: AbortSignal): Promise<Signature> {
    return probe(this.#system.run, device, signal)
  }

  async identify(device: string): Promise<FileSystemIdentity | undefined> {
    await using handle = await open(device, 'r')
    return await identify(handle)
  }

  format(type: FsType, device: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    return types[type].format(this.#system, device, options, signal)
  }

  async check(type: FsType, device: string, signal: AbortSignal): Promise<void> {
    await types[type].check?.(this.#system, device, signal)
  }

  /**
   * Checks for damage, and repairs nothing; for operators: the driver uses `check`.
   * @throws CommandError when the tool could not check
   */
  async verify(type: FsType, device: string, signal: AbortSignal): Promise<Verdict> {
    const { verification } = types[type]
    const [tool, ...args] = verification.command(device)
    try {
      const { stdout, stderr } = await this.#system.run(tool, args, { signal })
      return { isClean: true, report: `${stdout}${stderr}`.trim() }
    } catch (error) {
      if (!(error instanceof CommandError) || ((error.exitCode ?? 0) & verification.damaged) === 0)
        throw error
      return { isClean: false, report: `${error.stdout}${error.stderr}`.trim() }
    }
  }

  /**
   * The largest sectors that the device of the file system in an image may have, in bytes.
   * @returns undefined where blkid does not print it (util-linux before 2.36)
   */
  blockBytes(image: string, signal: AbortSignal): Promise<number | undefined> {
    return blockBytesOf(this.#system.run, image, signal)
  }

  async growUnmounted(type: FsType, device: string, signal: AbortSignal): Promise<void> {
    await types[type].growUnmounted?.(this.#system, device, signal)
  }

  hasRoomToGrow(type: FsType, device: string): Promise<boolean> {
    return hasRoomToGrow(device, types[type])
  }

  async grow(type: FsType, device: string, mountPoint: string, signal: AbortSignal): Promise<void> {
    try {
      await types[type].grow(this.#system, device, mountPoint, signal)
    } catch (error) {
      // The tools have various words for what was unmounted while they worked.
      if (!(error instanceof CommandError)) throw error
      await using _opened = await this.#system.openMountPoint(device, mountPoint)
      throw error
    }
  }

  async renew(type: FsType, image: string, signal: AbortSignal): Promise<string | undefined> {
    return await types[type].renew?.(this.#system, image, signal)
  }
}
