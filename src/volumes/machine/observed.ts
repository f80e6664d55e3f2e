import type { Observer, Step } from '../model/observer.ts'
import type { FileSystems } from '../model/ports/file-systems.ts'
import type { ImageCopier } from '../model/ports/image-copier.ts'
import type { LoopDevices } from '../model/ports/loop-devices.ts'
import type { Mounts } from '../model/ports/mounts.ts'

/** The ports whose work takes time. */
export interface ObservedPorts {
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly fileSystems: FileSystems
  readonly copier: ImageCopier
}

/** The step that each method of a port is. Other methods take no time, or are part of another step. */
type StepsOf<Port> = {
  readonly [
    Name in keyof Port as Port[Name] extends (...values: never[]) => Promise<unknown> ? Name : never
  ]?: Step
}

const stepsOf: { readonly [Name in keyof ObservedPorts]: StepsOf<ObservedPorts[Name]> } = {
  loops: { attach: 'attach', detach: 'detach', detachWithAbove: 'detach', detachNamed: 'detach' },
  mounts: { mount: 'mount', bind: 'mount', unmount: 'unmount', trim: 'trim' },
  fileSystems: { probe: 'probe', format: 'mkfs', check: 'fsck', growUnmounted: 'grow', grow: 'grow' },
  copier: { share: 'copy', shareAgain: 'update', copy: 'copy', update: 'update', updateWithin: 'update' },
}

/** The same ports, with their steps reported to an observer. */
export function observed(machine: ObservedPorts, observer: Observer): ObservedPorts {
  return {
    loops: observedPort(machine.loops, stepsOf.loops, observer),
    mounts: observedMounts(machine.mounts, observer),
    fileSystems: observedPort(machine.fileSystems, stepsOf.fileSystems, observer),
    copier: observedPort(machine.copier, stepsOf.copier, observer),
  }
}

/** Also observes the file systems that it opens. */
function observedMounts(mounts: Mounts, observer: Observer): Mounts {
  const port = observedPort(mounts, stepsOf.mounts, observer)
  const openFileSystem: Mounts['openFileSystem'] = async (device, name) => {
    const opened = await mounts.openFileSystem(device, name)
    return opened && observedPort(opened, { flush: 'flush' }, observer)
  }
  return new Proxy(port, {
    get: (target, name): unknown => (name === 'openFileSystem' ? openFileSystem : Reflect.get(target, name)),
  })
}

function observedPort<Port extends object>(port: Port, steps: StepsOf<Port>, observer: Observer): Port {
  const stepOf = new Map<PropertyKey, Step>(Object.entries<Step>(steps as Readonly<Record<string, Step>>))
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      // Call it on the port itself: a proxy has no private fields.
      const method = (...values: unknown[]): unknown => Reflect.apply(member, target, values)
      const step = stepOf.get(name)
      if (step === undefined) return method
      return (...values: unknown[]) => observer.step(step, () => method(...values) as Promise<unknown>)
    },
  })
}
