import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { hasErrno, VolumeError } from '../../src/volumes/model/errors.ts'
import type { LoopDevice } from '../../src/volumes/model/ports/loop-devices.ts'
import type {
  MountEntry,
  MountRequest,
  Mounts,
  OpenFileSystem,
  TrimStep,
} from '../../src/volumes/model/ports/mounts.ts'
import { FakeErrno } from './errno.ts'

export interface FakeMountsHooks {
  /** Called with the source of a file system when its first mount is made. */
  readonly used?: (source: string) => void
  /** Called after its last unmount, bind mounts included: only then the kernel detaches the device. */
  readonly unused?: (source: string) => void
}

const root: MountEntry = {
  target: '/',
  source: '/dev/root',
  fsType: 'ext4',
  root: '/',
  loop: undefined,
  readOnly: false,
  options: ['rw'],
}

/**
 * A mount table in memory. Only the mounts are imagined: the paths are real ones, which must exist as for
 * mount(2), so that code which makes and removes directories runs as it is.
 */
export class FakeMounts implements Mounts {
  /**
   * What was done, in order: `mount SOURCE TARGET`, `bind SOURCE TARGET ro|rw`, and `private`, `unmount`,
   * `freeze`, `thaw`, `flush` or `trim` with the target.
   */
  readonly log: string[] = []
  /** Targets whose unmount fails with EBUSY. */
  readonly busy = new Set<string>()
  /** Devices that another program has open exclusively, so their mount fails with EBUSY. */
  readonly held = new Set<string>()
  /** The sources of the file systems that are frozen. */
  readonly frozen = new Set<string>()
  /** What happens before the file system on this device is flushed, frozen or thawed: throws, or waits. */
  onFlush: ((source: string) => unknown) | undefined
  onFreeze: ((source: string) => unknown) | undefined
  onThaw: ((source: string) => unknown) | undefined
  onClose: (() => unknown) | undefined
  /** What the content of the file system on a device takes, in bytes; 0 for others. */
  readonly usedBytes = new Map<string, bigint>()
  /** What a step of a trim discards, in bytes. */
  trimmableBytes = 0n
  /** How many steps a trim takes. */
  trimSteps = 1n
  readonly #hooks: FakeMountsHooks
  #table: MountEntry[] = [root]

  constructor(hooks: FakeMountsHooks = {}) {
    this.#hooks = hooks
  }

  list(): Promise<MountEntry[]> {
    return Promise.resolve([...this.#table])
  }

  async at(path: string): Promise<MountEntry | undefined> {
    const target = await resolveParent(path)
    return this.#table.findLast((entry) => entry.target === target)
  }

  async mount(request: MountRequest): Promise<void> {
    const { source, fsType, options } = request
    const target = await realpath(request.target)
    if (!(await stat(target)).isDirectory()) throw new FakeErrno('ENOTDIR', `mount ${source}`)
    if (this.held.has(source)) throw new FakeErrno('EBUSY', `mount ${source}`)
    if (!this.#isMounted(source)) this.#hooks.used?.(source)
    const readOnly = options.lastIndexOf('ro') > options.lastIndexOf('rw')
    const others = options.filter((option) => option !== 'ro' && option !== 'rw')
    const number = loopNumber(source)
    const loop = number === undefined ? undefined : ({ number, as: 'file system' } as const)
    const all = [access(readOnly), ...others]
    this.#table.push({ target, source, fsType, root: '/', loop, readOnly, options: all })
    this.log.push(`mount ${source} ${request.target}`)
  }

  differences({ options: shown }: MountEntry, options: readonly string[]): string[] {
    const readOnly = options.lastIndexOf('ro') > options.lastIndexOf('rw')
    const asked = [access(readOnly), ...options.filter((option) => option !== 'ro' && option !== 'rw')]
    const differing = [...asked, ...shown].filter(
      (option) => asked.includes(option) !== shown.includes(option),
    )
    // It can be changed while a volume is mounted, and counts from the next mount on.
    return differing.filter((option) => !option.endsWith('discard'))
  }

  async bind(source: string, target: string, { readOnly }: { readonly readOnly: boolean }): Promise<void> {
    const to = await realpath(target)
    const number = loopNumber(source)
    if (number !== undefined) {
      this.#table.push({ ...deviceNode(number), target: to, readOnly, options: [access(readOnly)] })
      this.log.push(`bind ${source} ${target} ${access(readOnly)}`)
      return
    }
    const from = await realpath(source)
    if ((await stat(from)).isDirectory() !== (await stat(to)).isDirectory()) {
      throw new FakeErrno('ENOTDIR', `bind ${source} ${target}`)
    }
    this.#table.push({ ...this.#visibleAt(from, readOnly), target: to })
    this.log.push(`bind ${source} ${target} ${access(readOnly)}`)
  }

  async makePrivate(target: string): Promise<void> {
    if (!(await this.at(target))) throw new FakeErrno('EINVAL', `private ${target}`)
    this.log.push(`private ${target}`)
  }

  async unmount(target: string): Promise<void> {
    const entry = await this.at(target)
    if (!entry) return
    if (this.busy.has(target)) throw new FakeErrno('EBUSY', `unmount ${target}`)
    this.#table = this.#table.filter((other) => other !== entry)
    this.log.push(`unmount ${target}`)
    const isLast = entry.loop?.as === 'file system' && !this.#isMounted(entry.source)
    if (isLast) this.#hooks.unused?.(entry.source)
  }

  #isMounted(source: string): boolean {
    return this.#table.some((entry) => entry.source === source)
  }

  openFileSystem({ path }: LoopDevice): Promise<OpenFileSystem | undefined> {
    const entry = this.#table.find(({ source }) => source === path)
    // A frozen file system stays active without a mount.
    const place = entry?.target ?? (this.frozen.has(path) ? path : undefined)
    return Promise.resolve(place === undefined ? undefined : this.#fileSystem(path, place))
  }

  #fileSystem(source: string, place: string): OpenFileSystem {
    return {
      place,
      freeze: async () => {
        await this.onFreeze?.(source)
        if (this.frozen.has(source)) throw new FakeErrno('EBUSY', `freeze ${place}`)
        this.frozen.add(source)
        this.log.push(`freeze ${place}`)
      },
      thaw: async () => {
        await this.onThaw?.(source)
        this.log.push(`thaw ${place}`)
        return this.frozen.delete(source)
      },
      flush: async () => {
        await this.onFlush?.(source)
        this.log.push(`flush ${place}`)
      },
      usedBytes: () => Promise.resolve(this.usedBytes.get(source) ?? 0n),
      [Symbol.asyncDispose]: () => {
        this.onClose?.()
        return Promise.resolve()
      },
    }
  }

  async trim(mountPoint: string, from: bigint): Promise<TrimStep> {
    await this.#mountedAt(mountPoint)
    this.log.push(`trim ${mountPoint}${from === 0n ? '' : ` from ${from}`}`)
    const next = from + 1n
    return { trimmedBytes: this.trimmableBytes, next: next < this.trimSteps ? next : undefined }
  }

  async #mountedAt(path: string): Promise<MountEntry> {
    const entry = await this.at(path)
    if (entry) return entry
    throw new VolumeError('failed-precondition', `${path} is not the mount point of a file system`)
  }

  /**
   * What a bind mount takes over from the mount that the path lies in: everything but the access can only get
   * less.
   */
  #visibleAt(path: string, readOnly: boolean): MountEntry {
    const inside = ({ target }: MountEntry) => target === '/' || `${path}/`.startsWith(`${target}/`)
    const origin = this.#table
      .filter(inside)
      .reduce((a, b) => (b.target.length >= a.target.length ? b : a), root)
    const both = readOnly || origin.readOnly
    return {
      ...origin,
      root: join(origin.root, relative(origin.target, path)),
      readOnly: both,
      options: [access(both), ...origin.options.slice(1)],
    }
  }
}

/** Devices are imagined, too. */
function loopNumber(path: string): number | undefined {
  const digits = /^\/dev\/loop(\d+)$/.exec(path)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function deviceNode(number: number) {
  const loop = { number, as: 'node' } as const
  return { source: 'devtmpfs', fsType: 'devtmpfs', root: `/loop${number}`, loop }
}

function access(readOnly: boolean): 'ro' | 'rw' {
  return readOnly ? 'ro' : 'rw'
}

async function resolveParent(path: string): Promise<string | undefined> {
  try {
    return join(await realpath(dirname(path)), basename(path))
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
