import { LinuxFileSystems } from '../../linux/filesystems/index.ts'
import { lockHolder } from '../../linux/files/lock-holder.ts'
import { LinuxImageCopier } from '../../linux/images/image-copier.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { AttachedDevices } from '../../linux/loop/attached-devices.ts'
import { LoopControl } from '../../linux/loop/control.ts'
import { DeviceNodes } from '../../linux/loop/device-nodes.ts'
import { backingFile, isUnlinked, onTopOf } from '../../linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../linux/loop/loop-devices.ts'
import { LinuxMounts } from '../../linux/mount/mounts.ts'
import { examineMachine } from '../../linux/preflight/preflight.ts'
import type { LoopState } from '../../volumes/model/ports.ts'
import type { BoundDevice, BoundDevices, LoopControls, Machine, UnlinkedDevice } from './machine.ts'

/** The machine of the commands for operators, on the kernel. */
export function linuxMachine(): Machine {
  const nodes = new DeviceNodes()
  return {
    files: new LinuxImageFiles(),
    copier: new LinuxImageCopier(),
    mounts: new LinuxMounts(),
    fileSystems: new LinuxFileSystems(),
    openLoops: async () => new LinuxLoopControls(await LoopControl.open(nodes), nodes),
    listDevices: async ({ makeNodes } = { makeNodes: false }) =>
      new LinuxBoundDevices(await AttachedDevices.list(...(makeNodes ? [nodes] : []))),
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

class LinuxBoundDevices implements BoundDevices {
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
