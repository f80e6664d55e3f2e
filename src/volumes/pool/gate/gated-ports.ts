import type { FileSystems } from '../../model/ports/file-systems.ts'
import type { ImageCopier } from '../../model/ports/image-copier.ts'
import type { ImageFiles } from '../../model/ports/image-files.ts'
import type { LoopDevices } from '../../model/ports/loop-devices.ts'
import type { Mounts, OpenFileSystem } from '../../model/ports/mounts.ts'
import type { Gate } from './gate.ts'
import type { Gates } from './gates.ts'

/** The ports whose calls can touch the file system of a pool. */
export interface PoolPorts {
  readonly files: ImageFiles
  readonly loops: LoopDevices
  readonly mounts: Mounts
  readonly fileSystems: FileSystems
  readonly copier: ImageCopier
}

/**
 * The same ports, with each call passing the gate of its pool. The pool follows from the path of the image,
 * from the device last attached to the image, or from the path where that device was last mounted.
 */
export function gatedPorts(
  { files, loops, mounts, fileSystems, copier }: PoolPorts,
  gates: Gates,
): PoolPorts {
  const places = new Places(gates)
  return {
    files: gatedFiles(files, places),
    loops: gatedLoops(loops, places),
    mounts: gatedMounts(mounts, places),
    fileSystems: gatedFileSystems(fileSystems, places),
    copier: gatedCopier(copier, places),
  }
}

/**
 * The gates of device paths and mount points. Only a hint: with a stale one, a call passes another pool's
 * gate.
 */
class Places {
  readonly #gates: Gates
  readonly #devices = new Map<string, Gate>()
  readonly #mounts = new Map<string, string>()

  constructor(gates: Gates) {
    this.#gates = gates
  }

  gate(path: string): Gate | undefined {
    return this.#gates.at(path) ?? this.#devices.get(path) ?? this.#devices.get(this.#mounts.get(path) ?? '')
  }

  run<T>(
    path: string,
    call: () => Promise<T>,
    undo?: (result: T) => PromiseLike<unknown> | undefined,
  ): Promise<T> {
    return this.gate(path)?.run(call, undo) ?? call()
  }

  within<T>(path: string, work: () => Promise<T>): Promise<T> {
    return this.gate(path)?.within(work) ?? work()
  }

  noteDevice(device: string, image: string): void {
    const gate = this.gate(image)
    if (gate) this.#devices.set(device, gate)
    else this.#devices.delete(device)
  }

  noteMount(target: string, source: string): void {
    if (this.#devices.has(source)) this.#mounts.set(target, source)
    else this.#mounts.delete(target)
  }

  forgetMount(target: string): void {
    this.#mounts.delete(target)
  }
}

function gatedFiles(files: ImageFiles, places: Places): ImageFiles {
  return {
    create: (path, ...rest) => places.run(path, () => files.create(path, ...rest)),
    grow: (path, ...rest) => places.run(path, () => files.grow(path, ...rest)),
    allocate: (path, signal) => places.run(path, () => files.allocate(path, signal)),
    deallocate: (path, signal) => deallocate(files, places, path, signal),
    missing: (path) => places.run(path, () => files.missing(path)),
    keepsBlocks: (path) => places.run(path, () => files.keepsBlocks(path)),
    hasData: (path) => places.run(path, () => files.hasData(path)),
    version: (path) => places.run(path, () => files.version(path)),
    size: (path) => places.run(path, () => files.size(path)),
    usage: (path) => places.run(path, () => files.usage(path)),
    isReadOnly: (path) => places.run(path, () => files.isReadOnly(path)),
    lock: async (path) => {
      const lock = await places.run(
        path,
        () => files.lock(path),
        (late) => late?.[Symbol.asyncDispose](),
      )
      return lock && released(lock, places.gate(path))
    },
  }
}

/**
 * It is aborted when the pool does not answer, but awaited to its end: nothing may write to the image while
 * it runs.
 */
async function deallocate(
  files: ImageFiles,
  places: Places,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const lost = new AbortController()
  let working: Promise<void> | undefined
  const work = (): Promise<void> => (working = files.deallocate(path, AbortSignal.any([signal, lost.signal])))
  try {
    await places.run(path, work)
  } catch (error) {
    lost.abort(error)
    await working?.catch(() => undefined)
    throw error
  }
}

function gatedLoops(loops: LoopDevices, places: Places): LoopDevices {
  return {
    attach: async (image, options, signal) => {
      const attachment = await places.run(
        image,
        () => loops.attach(image, options, signal),
        (late) => late[Symbol.asyncDispose](),
      )
      places.noteDevice(attachment.device.path, image)
      const { device, directIo } = attachment
      return { device, directIo, ...released(attachment, places.gate(image)) }
    },
    find: async (image) => {
      const state = await places.run(image, () => loops.find(image))
      if (state) places.noteDevice(state.device.path, image)
      return state
    },
    findNamed: (name) => loops.findNamed(name),
    detach: (image, signal) => places.run(image, () => loops.detach(image, signal)),
    detachWithAbove: (image, signal) => places.run(image, () => loops.detachWithAbove(image, signal)),
    detachNamed: (name, signal) => loops.detachNamed(name, signal),
    detachOrphaned: (isOurs, isHere) => loops.detachOrphaned(isOurs, isHere),
    flush: (device) => places.run(device.path, () => loops.flush(device)),
    writes: (device) => loops.writes(device),
    setDirectIo: (device, on) => places.run(device.path, () => loops.setDirectIo(device, on)),
    resize: (device) => places.run(device.path, () => loops.resize(device)),
  }
}

function gatedMounts(mounts: Mounts, places: Places): Mounts {
  return {
    list: async () => {
      const entries = await mounts.list()
      for (const { target, source } of entries) places.noteMount(target, source)
      return entries
    },
    at: async (path) => {
      const entry = await mounts.at(path)
      if (entry) places.noteMount(path, entry.source)
      return entry
    },
    mount: async (request) => {
      await places.run(request.source, () => mounts.mount(request))
      places.noteMount(request.target, request.source)
    },
    bind: (source, target, options) => mounts.bind(source, target, options),
    makePrivate: (target) => mounts.makePrivate(target),
    unmount: async (target) => {
      await places.run(target, () => mounts.unmount(target))
      places.forgetMount(target)
    },
    differences: (entry, options) => mounts.differences(entry, options),
    openFileSystem: async (device, name) => {
      const opened = await places.run(
        device.path,
        () => mounts.openFileSystem(device, name),
        (late) => late?.[Symbol.asyncDispose](),
      )
      const gate = places.gate(device.path)
      return opened && gate ? gatedFileSystem(opened, gate) : opened
    },
    trim: (mountPoint, from) => places.run(mountPoint, () => mounts.trim(mountPoint, from)),
  }
}

/**
 * Only the freeze itself has a turn, not the time until the thaw, so a group may have more members than there
 * are turns. A thaw has no turn: it must never wait. When the pool is closed, nothing may be frozen any more:
 * the next driver may have opened it already.
 */
function gatedFileSystem(fileSystem: OpenFileSystem, gate: Gate): OpenFileSystem {
  return {
    place: fileSystem.place,
    freeze: (signal) => freeze(fileSystem, gate, signal),
    thaw: () => gate.note(() => fileSystem.thaw()),
    flush: (signal) => gate.run(() => fileSystem.flush(), undefined, { signal, kind: 'flush' }),
    usedBytes: () => gate.run(() => fileSystem.usedBytes()),
    [Symbol.asyncDispose]: () => gate.note(async () => fileSystem[Symbol.asyncDispose]()),
  }
}

/**
 * A freeze that has begun is awaited, even when the pool does not answer: it could complete later, with no
 * caller left to thaw.
 */
async function freeze(
  fileSystem: OpenFileSystem,
  gate: Gate,
  signal: AbortSignal | undefined,
): Promise<void> {
  let freezing: Promise<void> | undefined
  const begin = (): Promise<void> => (freezing = fileSystem.freeze())
  try {
    await gate.run(begin, undefined, { signal, kind: 'freeze' })
  } catch (error) {
    if (!freezing) throw error
    await freezing
  }
}

/** Child processes do most of this work; what the driver reads itself takes turns. */
function gatedFileSystems(fileSystems: FileSystems, places: Places): FileSystems {
  const within = <T>(path: string, work: () => Promise<T>): Promise<T> => places.within(path, work)
  return {
    minimumBytes: (type) => fileSystems.minimumBytes(type),
    mountOptions: (type) => fileSystems.mountOptions(type),
    uuidOptions: (type, uuid) => fileSystems.uuidOptions(type, uuid),
    repairs: (type) => fileSystems.repairs(type),
    identify: (device) => within(device, () => fileSystems.identify(device)),
    hasRoomToGrow: (type, device) => within(device, () => fileSystems.hasRoomToGrow(type, device)),
    probe: (device, signal) => within(device, () => fileSystems.probe(device, signal)),
    format: (type, device, ...rest) => within(device, () => fileSystems.format(type, device, ...rest)),
    check: (type, device, signal) => within(device, () => fileSystems.check(type, device, signal)),
    growUnmounted: (type, device, signal) =>
      within(device, () => fileSystems.growUnmounted(type, device, signal)),
    grow: (type, device, ...rest) => within(device, () => fileSystems.grow(type, device, ...rest)),
    renew: (type, image, signal) => within(image, () => fileSystems.renew(type, image, signal)),
  }
}

function gatedCopier(copier: ImageCopier, places: Places): ImageCopier {
  const within = <T>(path: string, work: () => Promise<T>): Promise<T> => places.within(path, work)
  return {
    canShare: (source, target) => within(target, () => copier.canShare(source, target)),
    share: (source, target) => within(target, () => copier.share(source, target)),
    shareAgain: (source, target) => within(target, () => copier.shareAgain(source, target)),
    copy: (source, target, ...rest) => within(target, () => copier.copy(source, target, ...rest)),
    update: (source, target, signal) => within(target, () => copier.update(source, target, signal)),
    updateWithin: (source, target, ...rest) =>
      within(target, () => copier.updateWithin(source, target, ...rest)),
    extents: (path, ...rest) => stream(places.gate(path), copier.extents(path, ...rest)),
    differences: (base, target, ...rest) =>
      stream(places.gate(target), copier.differences(base, target, ...rest)),
  }
}

/** A generator runs in the context of the caller of `next`. */
async function* stream<T>(gate: Gate | undefined, items: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = items[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = () => iterator.next()
      const item = await (gate?.within(next) ?? next())
      if (item.done) return
      yield item.value
    }
  } finally {
    if (!gate?.problem) await iterator.return?.()
  }
}

function released(held: AsyncDisposable, gate: Gate | undefined): AsyncDisposable {
  const close = async (): Promise<void> => {
    await held[Symbol.asyncDispose]()
  }
  return { [Symbol.asyncDispose]: () => gate?.release(close) ?? close() }
}
