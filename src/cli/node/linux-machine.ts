import { join } from 'node:path'
import type { Logger } from 'pino'
import { lockHolder, unwrittenBytes } from '../../linux/files/proc.ts'
import { LinuxFileSystems } from '../../linux/filesystems/index.ts'
import { LinuxImageCopier } from '../../linux/images/image-copier.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { LoopControl } from '../../linux/loop/control.ts'
import { DeviceNodes } from '../../linux/loop/device-nodes.ts'
import { AttachedDevices, backingFile, isUnlinked, onTopOf } from '../../linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../linux/loop/loop-devices.ts'
import { SpareNodes } from '../../linux/loop/spare-nodes.ts'
import { LinuxMounts } from '../../linux/mount/mounts.ts'
import { fileSystemUnder, probeFileSystem } from '../../linux/mountinfo/find-mount.ts'
import { examineMachine } from '../../linux/preflight/preflight.ts'
import { LinuxWriteTracer } from '../../linux/trace/write-trace.ts'
import type { Machine } from '../../volumes/assemble.ts'
import type { FsType } from '../../volumes/model/ports/file-systems.ts'
import type { LoopState } from '../../volumes/model/ports/loop-devices.ts'
import type { BoundDevice, BoundDevices, LoopControls, OperatorMachine, UnlinkedDevice } from './machine.ts'

/** libuv's default without UV_THREADPOOL_SIZE. */
const LIBUV_THREADS = 4

/** The ports of a driver, with the resources that they hold. */
export async function openDriverMachine(
  dataDir: string,
  unavailable: ReadonlyMap<FsType, string>,
  log: Logger,
): Promise<Machine & AsyncDisposable> {
  await using resources = new AsyncDisposableStack()
  const mounts = new LinuxMounts()
  const deviceNodes = new DeviceNodes()
  const control = resources.use(await LoopControl.open(deviceNodes))
  // The kernel creates the nodes of a devtmpfs.
  const isFilled = (await mounts.at('/dev'))?.fsType === 'devtmpfs'
  const spareNodes = isFilled ? undefined : resources.use(await SpareNodes.start(deviceNodes, log))
  const held = resources.move()
  return {
    files: new LinuxImageFiles(),
    loops: new LinuxLoopDevices(control, deviceNodes, (number) => spareNodes?.request(number + 1)),
    mounts,
    fileSystems: new LinuxFileSystems(unavailable),
    copier: new LinuxImageCopier(),
    unwrittenBytes: () => unwrittenBytes(),
    openTracer: () => LinuxWriteTracer.open(join(dataDir, 'trace')),
    answers: {
      threads: Number(process.env['UV_THREADPOOL_SIZE'] ?? LIBUV_THREADS),
      probe: probeFileSystem,
      fileSystemId: fileSystemUnder,
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** The machine of the commands for operators. */
export function operatorMachine(): OperatorMachine {
  const nodes = new DeviceNodes()
  return {
    files: new LinuxImageFiles(),
    copier: new LinuxImageCopier(),
    mounts: new LinuxMounts(),
    fileSystems: new LinuxFileSystems(),
    openLoops: async () => new LinuxLoopControls(await LoopControl.open(nodes), nodes),
    listDevices: async ({ makeNodes } = { makeNodes: false }) =>
      new LinuxAttachedDevices(await AttachedDevices.list(...(makeNodes ? [nodes] : []))),
    lockHolder,
    examine: examineMachine,
  }
}

class LinuxLoopControls extends LinuxLoopDevices implements LoopControls {
  readonly #loopControl: LoopControl
  readonly #deviceNodes: DeviceNodes

  constructor(control: LoopControl, nodes: DeviceNodes) {
    super(control, nodes)
    this.#loopControl = control
    this.#deviceNodes = nodes
  }

  async add(number: number | undefined): Promise<string> {
    return await this.#deviceNodes.loop(await this.#loopControl.add(number))
  }

  async remove(number: number): Promise<void> {
    await this.#loopControl.remove(number)
  }

  async getFree(): Promise<string> {
    return await this.#deviceNodes.loop(await this.#loopControl.getFree())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loopControl[Symbol.asyncDispose]()
  }
}

class LinuxAttachedDevices implements BoundDevices {
  readonly #devices: AttachedDevices

  constructor(devices: AttachedDevices) {
    this.#devices = devices
  }

  all(): BoundDevice[] {
    return this.#devices.entries.map(({ state, info }) => ({
      ...state,
      backingInode: info.backingInode,
      backingFile: backingFile(state.device.number),
    }))
  }

  of(image: string): Promise<LoopState[]> {
    return this.#devices.of(image)
  }

  unlinked(isName: (name: string) => boolean): UnlinkedDevice[] {
    const { entries } = this.#devices
    return entries
      .filter(({ state }) => isName(state.name) && isUnlinked(state.device.number))
      .map(({ state }) => ({
        state,
        above: onTopOf(state.device, entries).map((above) => above.state.device),
      }))
  }
}
