import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { NodeMonitoring } from '../../../src/monitoring/roles.ts'
import { StorageHealth } from '../../../src/volumes/health/storage-health.ts'
import { VolumeHealth } from '../../../src/volumes/health/volume-health.ts'
import { OrphanedDevices } from '../../../src/volumes/operations/orphaned-devices.ts'
import { PoolUnreachableError } from '../../../src/volumes/pool/gate/unreachable.ts'
import { scrape } from '../../support/scrape.ts'
import { makeWorld, MiB, silent, writer, type World } from '../volumes/world.ts'

describe('the metrics of a node', () => {
  let world: World
  let monitoring: NodeMonitoring
  let unreachable: Map<string, PoolUnreachableError>

  beforeEach(async () => {
    world = await makeWorld({ sizeBytes: 64n * MiB, reserveBytes: 4n * MiB, overcommit: 3, inlineBytes: 0n })
    monitoring = new NodeMonitoring('0.0.0')
    unreachable = new Map()
    const open = [world.pool, world.other]
    const { catalog, loops } = world
    monitoring.watch({
      catalog,
      storageHealth: new StorageHealth({
        open,
        unreachable,
        close: () => Promise.resolve(),
        retry: () => Promise.resolve(),
      }),
      volumeHealth: new VolumeHealth(world.node),
      orphanedDevices: new OrphanedDevices(loops, 'n1', monitoring.observer, silent),
      countDevices: () => Promise.resolve({ bound: 3, free: 2 }),
    })
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const linesOf = async (): Promise<string[]> => (await scrape(monitoring.metrics)).split('\n')

  it('contain the pools', async () => {
    await world.create('a')
    const lines = await linesOf()
    expect(lines).not.toContainEqual(expect.stringMatching(/_problem\{/))
    expect(lines).toEqual(
      expect.arrayContaining([
        `csi_driver_loop_pool_size_bytes{pool="default"} ${60 << 20}`,
        `csi_driver_loop_pool_provisioned_bytes{pool="default"} ${16 << 20}`,
        'csi_driver_loop_pool_provisioned_bytes{pool="other"} 0',
        'csi_driver_loop_pool_overcommit_ratio{pool="other"} 3',
        'csi_driver_loop_pool_volumes{pool="default"} 1',
        'csi_driver_loop_pool_snapshots{pool="default"} 0',
        'csi_driver_loop_loop_devices{state="bound"} 3',
        'csi_driver_loop_loop_devices{state="free"} 2',
        'csi_driver_loop_leaked_loop_devices 0',
      ]),
    )
  })

  it('contain the volumes, by their claims where these are known', async () => {
    const claim = { 'csi.storage.k8s.io/pvc/namespace': 'shop', 'csi.storage.k8s.io/pvc/name': 'orders' }
    const thick = await world.create('a', writer, { provisioning: 'thick', ...claim })
    const other = await world.create('b', writer, { pool: 'other' })
    for (const { space } of [world.pool, world.other]) space.changed()
    const labels = `pool="default",volume_id="${thick.id}",claim_namespace="shop",persistentvolumeclaim="orders"`
    const others = `pool="other",volume_id="${other.id}",claim_namespace="",persistentvolumeclaim=""`
    expect(await linesOf()).toEqual(
      expect.arrayContaining([
        `csi_driver_loop_volume_capacity_bytes{${labels}} ${16 << 20}`,
        `csi_driver_loop_volume_capacity_bytes{${others}} ${16 << 20}`,
        `csi_driver_loop_volume_allocated_bytes{${labels}} ${16 << 20}`,
        `csi_driver_loop_volume_allocated_bytes{${others}} 0`,
      ]),
    )
  })

  it('contain the problems', async () => {
    const { id } = await world.create('a')
    await rm(dirname(world.catalog.image(world.catalog.get(id))), { recursive: true })
    unreachable.set('away', new PoolUnreachableError('PoolNotMounted', 'mount the disk'))
    const problems = (await linesOf()).filter((line) => line.includes('_problem{'))
    expect(problems).toEqual([
      'csi_driver_loop_pool_problem{pool="away",reason="PoolNotMounted"} 1',
      `csi_driver_loop_volume_problem{pool="default",volume_id="${id}",claim_namespace="",persistentvolumeclaim="",reason="ImageMissing"} 1`,
    ])
  })

  it('contain the other pools, and the problem, when the directory of one is deleted', async () => {
    const { id } = await world.create('b', writer, { pool: 'other' })
    await rm(world.config.path, { recursive: true })
    for (const { space } of [world.pool, world.other]) space.changed()
    const lines = await linesOf()
    expect(lines).toEqual(
      expect.arrayContaining([
        'csi_driver_loop_pool_problem{pool="default",reason="PoolNotMounted"} 1',
        'csi_driver_loop_pool_overcommit_ratio{pool="default"} 3',
        `csi_driver_loop_pool_size_bytes{pool="other"} ${60 << 20}`,
        expect.stringContaining(`csi_driver_loop_volume_allocated_bytes{pool="other",volume_id="${id}"`),
      ]),
    )
    expect(lines).not.toContainEqual(expect.stringContaining('_bytes{pool="default"'))
  })

  it('read the size of each image once for all metrics', async () => {
    for (const name of ['a', 'b', 'c']) await world.create(name)
    world.pool.space.changed()
    const looks: string[] = []
    const size = world.files.size.bind(world.files)
    world.files.size = (path) => {
      looks.push(path)
      return size(path)
    }
    await linesOf()
    // Once for its size, and once for its health, which both are remembered for a while.
    for (const { id } of world.pool.volumes.values())
      expect(
        looks.filter((path) => path === join(world.config.path, 'volumes', id, 'disk.img')),
      ).toHaveLength(2)
    looks.length = 0
    await linesOf()
    expect(looks).toEqual([])
  })
})
