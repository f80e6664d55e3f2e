import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { LinuxImageCopier } from '../../../src/linux/copy/image-copier.ts'
import { LinuxImageFiles } from '../../../src/linux/image-files.ts'
import { Catalog } from '../../../src/volumes/catalog.ts'
import { Jobs } from '../../../src/volumes/jobs.ts'
import { KeyedLock } from '../../../src/volumes/keyed-lock.ts'
import { parseParameters } from '../../../src/volumes/parameters.ts'
import { Pool } from '../../../src/volumes/pool/pool.ts'
import type { PoolLimits } from '../../../src/volumes/pool/space.ts'
import { Provisioner } from '../../../src/volumes/provisioner.ts'
import { Cutter } from '../../../src/volumes/snapshots/cutter.ts'
import { Restorer } from '../../../src/volumes/snapshots/restorer.ts'
import type { Access } from '../../../src/volumes/volume.ts'
import { FakeFileSystems } from '../../fakes/filesystems.ts'
import { FakeLoopDevices } from '../../fakes/loop-devices.ts'
import { FakeMounts } from '../../fakes/mounts.ts'

export const MiB = 1n << 20n
export const never = new AbortController().signal
export const writer: Access = { type: 'mount', mode: 'SINGLE_NODE_WRITER', fsType: undefined, mountFlags: [] }
export const block: Access = { type: 'block', mode: 'SINGLE_NODE_WRITER' }
export const noLimits: PoolLimits = { sizeBytes: undefined, reserveBytes: 0n, overcommit: 1000 }

export const silent = pino({ level: 'silent' })

/** A node whose files are real and whose devices, mounts and file systems are imagined. */
export async function makeWorld(limits: PoolLimits = noLimits) {
  const directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
  // File systems are imagined and leave nothing in the images, so these are taken for written.
  const files = Object.assign(new LinuxImageFiles(), { hasData: () => Promise.resolve(true) })
  const fileSystems = new FakeFileSystems()
  const loops = new FakeLoopDevices()
  const held = (source: string) => ({ number: Number(/\d+$/.exec(source)?.[0]), path: source })
  const mounts = new FakeMounts({
    mounting: ({ source }) => {
      loops.hold(held(source))
    },
    unmounted: ({ source, root }) => {
      if (root === '/') loops.release(held(source))
    },
  })
  const config = { name: 'default', path: join(directory, 'pool'), limits }
  const pool = await Pool.open(config, files, silent)
  const catalog = new Catalog('n1', { open: [pool], unreachable: new Map() })
  const locks = new KeyedLock()
  const jobs = new Jobs()
  const copier = new LinuxImageCopier()
  const cutter = new Cutter({ catalog, locks, loops, mounts, copier, tracer: undefined, log: silent })
  const restorer = new Restorer({ catalog, locks, files, fileSystems, copier, cutter })
  const provisioner = new Provisioner({
    nodeId: 'n1',
    catalog,
    locks,
    jobs,
    files,
    loops,
    fileSystems,
    restorer,
  })
  return {
    directory,
    config,
    files,
    fileSystems,
    loops,
    mounts,
    pool,
    catalog,
    locks,
    jobs,
    copier,
    cutter,
    restorer,
    provisioner,
    onNode: { catalog, locks, files, loops, mounts, fileSystems },
    /** Makes a volume of 16 MiB. */
    async create(name: string, access: Access = writer, parameters: Record<string, string> = {}) {
      const range = { requiredBytes: 16n * MiB, limitBytes: 0n }
      const source = undefined
      const request = { name, range, accesses: [access], parameters: parseParameters(parameters), source }
      const volume = await provisioner.create(request, never)
      // Fake file systems live on device names; the first free one is what attach will give out.
      fileSystems.setSize('/dev/loop0', volume.capacityBytes)
      return volume
    },
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

export type World = Awaited<ReturnType<typeof makeWorld>>
