import type { Verdict } from '../../linux/filesystems/descriptor.ts'
import type { Machine } from '../../volumes/assemble.ts'
import type { Finding } from '../../volumes/issues/catalogue.ts'
import type { FileSystems, FsType } from '../../volumes/model/ports/file-systems.ts'
import type { LoopDevice, LoopDevices, LoopState } from '../../volumes/model/ports/loop-devices.ts'

/** What the commands for operators need from the machine that they run on. */
export interface OperatorMachine extends Pick<Machine, 'copier' | 'files' | 'mounts'> {
  readonly fileSystems: CheckedFileSystems
  /** @throws VolumeError failed-precondition where there are no loop devices */
  openLoops(): Promise<LoopControls>
  /** Lists the attached loop devices. Takes no lock, so it never makes another process's attempt fail. */
  listDevices(options?: { readonly makeNodes: boolean }): Promise<BoundDevices>
  /** The process that has an exclusive flock(2) on a path, if it is visible in this PID namespace. */
  lockHolder(path: string): Promise<number | undefined>
  /**
   * Findings about the machine itself: privileges, limits, tools, device nodes.
   * @param registrationDir the kubelet's plugins_registry, where there is a kubelet
   * @param driverPid undefined where no driver runs
   * @param isOurs true for the ids of this node's volumes
   */
  examine(
    registrationDir: string | undefined,
    driverPid: number | undefined,
    isOurs: (id: string) => boolean,
  ): Promise<Finding[]>
}

/** Opens the machine when a command runs, so that `--help` loads no native code. */
export type OpenMachine = () => Promise<OperatorMachine>

/** File systems, with the queries that only commands need. */
export interface CheckedFileSystems extends FileSystems {
  /** Checks for damage, and repairs nothing. */
  verify(type: FsType, device: string, signal: AbortSignal): Promise<Verdict>
  /**
   * The largest sectors that the device of a file system can have: the block size of an ext4 or btrfs, the
   * sector size of an XFS. Undefined with util-linux before 2.36.
   */
  blockBytes(image: string, signal: AbortSignal): Promise<number | undefined>
}

/** Loop devices, with /dev/loop-control and devices by number. */
export interface LoopControls extends LoopDevices, AsyncDisposable {
  /** Adds a device. @returns the path of its node @throws EEXIST */
  add(number: number | undefined): Promise<string>
  /** @throws EBUSY, ENODEV */
  remove(number: number): Promise<void>
  /** @returns the path of the first free device, which is not reserved */
  getFree(): Promise<string>
  /** @param isHere whether a device's name is one of this node, all of whose mounts are visible */
  detachDevice(number: number, signal: AbortSignal, isHere: (name: string) => boolean): Promise<void>
}

/** An attached device, with its backing file as the kernel reports it. */
export interface BoundDevice extends LoopState {
  readonly backingInode: bigint
  /** The path in the mount namespace that attached it; undefined when it was detached meanwhile. */
  readonly backingFile: string | undefined
}

/** A device whose backing file is deleted, with the devices on top of it. */
export interface UnlinkedDevice {
  readonly state: LoopState
  readonly above: readonly LoopDevice[]
}

/** The attached loop devices of the machine at one moment. */
export interface BoundDevices {
  all(): BoundDevice[]
  /** The devices of an image: its own first, then those of the same name on top of it. */
  of(image: string): Promise<LoopState[]>
  /** @param isName true for the names of the devices to list */
  unlinked(isName: (name: string) => boolean): UnlinkedDevice[]
}
