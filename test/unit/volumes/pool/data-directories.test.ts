import { cp, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { LinuxImageFiles } from '../../../../src/linux/images/image-files.ts'
import { assembleNode, type LoopNode } from '../../../../src/volumes/assemble.ts'
import { parseParameters } from '../../../../src/volumes/model/parameters.ts'
import type { AccessType, ContentSource } from '../../../../src/volumes/model/volume.ts'
import { createVolume, type CreateRequest } from '../../../../src/volumes/operations/create.ts'
import { KnownPools } from '../../../../src/volumes/pool/files/pool-identity.ts'
import { Pool } from '../../../../src/volumes/pool/pool.ts'
import type { RecordStore } from '../../../../src/volumes/pool/records/record-store.ts'
import { FakeFileSystems } from '../../../fakes/filesystems.ts'
import { WatchedCopier } from '../../../fakes/image-copier.ts'
import { FakeLoopDevices } from '../../../fakes/loop-devices.ts'
import { FakeMounts } from '../../../fakes/mounts.ts'
import { RecordingObserver } from '../../../fakes/observer.ts'
import { block, never, noLimits, silent, writer } from '../world.ts'

/** See test/fixtures/README.md. */
const FIXTURES = fileURLToPath(new URL('../../../fixtures/data-directories/', import.meta.url))

type Json = Readonly<Record<string, unknown>>

describe.each(await readdir(FIXTURES))('the data directory that %s wrote', (commit) => {
  let directory: string
  let names: string[]

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    await cp(join(FIXTURES, commit), directory, { recursive: true })
    names = await readdir(join(directory, 'pools'))
    for (const { path, json } of await records()) {
      const image = join(path, '..', 'disk.img')
      await writeFile(image, '')
      await truncate(image, Number(json['capacityBytes'] ?? json['sizeBytes']))
    }
  })

  afterEach(() => rm(directory, { recursive: true }))

  const poolPath = (name: string): string => join(directory, 'pools', name)

  const read = async (path: string): Promise<Json> => JSON.parse(await readFile(path, 'utf8')) as Json

  async function records(): Promise<{ readonly path: string; readonly json: Json }[]> {
    const files = await readdir(join(directory, 'pools'), { recursive: true })
    const paths = files.filter((file) => /(volume|snapshot)\.json$/.test(file))
    return await Promise.all(
      paths.sort().map(async (file) => {
        const path = join(directory, 'pools', file)
        return { path, json: await read(path) }
      }),
    )
  }

  async function withPools(work: (pools: readonly Pool[]) => Promise<void>): Promise<void> {
    const known = new KnownPools(join(directory, 'known-pools'))
    await using opened = new AsyncDisposableStack()
    const pools: Pool[] = []
    for (const name of names) {
      const config = { name, path: poolPath(name), limits: noLimits }
      const id = await known.get(name)
      expect(id).toBeDefined()
      pools.push(opened.use(await Pool.open(config, new LinuxImageFiles(), silent, id)))
    }
    await work(pools)
  }

  /** Of all pools, in the order of the paths of their records. */
  const readBy = (pools: readonly Pool[]): Json[] =>
    pools.flatMap(({ snapshots, volumes }) => [...valuesOf(snapshots), ...valuesOf(volumes)])

  it('has no damaged record, and the same values', async () => {
    await withPools((pools) => {
      for (const { snapshots, volumes } of pools) {
        expect([...volumes.damaged, ...snapshots.damaged]).toEqual([])
      }
      return expectSaid(pools)
    })
  })

  async function expectSaid(pools: readonly Pool[]): Promise<void> {
    const written = (await records()).map(({ json: { schemaVersion: _, cutAt: pointInTime, ...record } }) =>
      pointInTime === undefined ? record : { ...record, pointInTime },
    )
    expect(written).not.toEqual([])
    expect(readBy(pools)).toMatchObject(written)
  }

  it('is written back without a loss', async () => {
    const before = await records()
    let asRead: Json[] = []
    await withPools(async (pools) => {
      asRead = readBy(pools)
      for (const { snapshots, volumes } of pools) {
        for (const volume of volumes.values()) await volumes.update(volume)
        for (const snapshot of snapshots.values()) await snapshots.update(snapshot)
      }
    })
    expect(asRead).toHaveLength(before.length)
    const after = await records()
    expect(after).toMatchObject(
      before.map(({ path, json }) => ({ path, json: { ...json, schemaVersion: expect.any(Number) } })),
    )
    await withPools((pools) => {
      expect(readBy(pools)).toEqual(asRead)
      return Promise.resolve()
    })
  })

  it('has the pools that it had, and their files are not changed', async () => {
    const files = names.flatMap((name) => [
      join(poolPath(name), 'pool.json'),
      join(directory, 'known-pools', `${name}.json`),
    ])
    const texts = () => Promise.all(files.map((file) => readFile(file, 'utf8')))
    const before = await texts()
    await withPools(async (pools) => {
      const ids = await Promise.all(names.map(async (name) => read(join(poolPath(name), 'pool.json'))))
      expect(pools.map(({ id }) => ({ id }))).toMatchObject(ids.map(({ id }) => ({ id })))
    })
    expect(await texts()).toEqual(before)
  })

  it('is served after a sweep, also to a repeated CreateVolume', async () => {
    const asked = (await records()).filter(({ json }) => json['ephemeral'] === false)
    await using node = await startNode()
    expect(await node.storageHealth.issues()).toEqual([])
    expect(node.catalog.list('', asked.length + 1)).toHaveLength(asked.length)
    for (const { path, json } of asked) {
      const volume = await createVolume(node, requestOf(path, json as unknown as WrittenVolume), never)
      expect(volume).toMatchObject({ id: json['id'], createdAt: json['createdAt'] })
    }
    const groups = node.catalog.pools().flatMap(({ snapshots }) => snapshots.values())
    const group = groups.find(({ group }) => group !== undefined)?.group
    expect(group && node.catalog.isComplete(group)).toBe(true)
  })

  async function startNode(): Promise<LoopNode> {
    const files = new LinuxImageFiles()
    const mounts = new FakeMounts()
    const machine = {
      ...{ files, mounts, loops: new FakeLoopDevices(), fileSystems: new FakeFileSystems() },
      copier: new WatchedCopier([]),
      openTracer: () => Promise.resolve(undefined),
      unwrittenBytes: () => 0n,
      answers: { threads: 64, probe: () => Promise.resolve(), fileSystemId: () => Promise.resolve(1) },
    }
    const config = {
      nodeId: 'n1',
      pools: names.map((name) => ({ name, path: poolPath(name), limits: noLimits })),
      knownPoolsPath: join(directory, 'known-pools'),
      mountsPath: join(directory, 'mounts'),
      trimIntervalMs: 0,
    }
    return await assembleNode(machine, config, new RecordingObserver(), silent)
  }

  it('reports which volumes an interrupted snapshot may have left frozen', async () => {
    await withPools((pools) => {
      const frozen = pools.flatMap(({ snapshots }) => snapshots.frozen)
      expect(frozen).not.toEqual([])
      const ids = pools.flatMap(({ volumes }) => volumes.values()).map(({ id }) => id)
      expect(ids).toEqual(expect.arrayContaining(frozen))
      return Promise.resolve()
    })
  })
})

/** What a record of a volume has had in every version. */
interface WrittenVolume {
  readonly name: string
  readonly capacityBytes: string
  readonly accessTypes: readonly AccessType[]
  readonly fsType: string
  readonly mkfsOptions: readonly string[]
  readonly contentSource?: ContentSource
  readonly initial: { readonly provisioning: string; readonly directIo: string; readonly discard: string }
}

/** What the volume was made by. It names none of the parameters that later versions have added. */
function requestOf(path: string, written: WrittenVolume): CreateRequest {
  const { directIo: directIO, discard, provisioning } = written.initial
  const pool = basename(join(path, '../../..'))
  const mkfsOptions = written.mkfsOptions.join(' ')
  return {
    name: written.name,
    range: { requiredBytes: BigInt(written.capacityBytes), limitBytes: 0n },
    accesses: written.accessTypes.map((type) => (type === 'mount' ? writer : block)),
    parameters: parseParameters({
      pool,
      fsType: written.fsType,
      mkfsOptions,
      provisioning,
      directIO,
      discard,
    }),
    source: written.contentSource,
  }
}

/** In the order of the ids, with sizes as they are written down, and without the pool. */
function valuesOf<T extends { readonly id: string; readonly pool: string }>(store: RecordStore<T>): Json[] {
  const written = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value)
  return store
    .values()
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ pool: _pool, ...record }) => JSON.parse(JSON.stringify(record, written)) as Json)
}
