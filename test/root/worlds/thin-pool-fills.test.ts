import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { eventually } from '../../support/eventually.ts'
import { healthOnNode, storageHealth } from '../../support/health.ts'
import { mountCapability, MiB, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { DiskWorld } from './disk-world.ts'

const DISK_BYTES = 2048 * MiB
/**
 * A little more than the margin of such a disk, which is 102 MiB, and less than what ends that a pool is
 * full, which is 128 MiB: so it stays full, even if it was made so by what other tests have in memory.
 */
const LEFT_BYTES = 120 * MiB

describeRoot('a thin pool that fills while programs write', () => {
  let world: DiskWorld
  let node: TestNode
  let writing: ChildProcess | undefined
  const volumes: TestVolume[] = []

  beforeEach(async () => {
    world = await DiskWorld.ofSize(DISK_BYTES)
    await world.configureExtra('overcommit: 8', 'default: {}')
    await occupy()
    await world.startDriver()
    node = world.node
  })

  afterEach(async () => {
    await using _ended = world
    if (writing?.exitCode === null) process.kill(-(writing.pid ?? 0), 'SIGKILL')
    await rm(ballast(), { force: true })
    for (const volume of volumes.splice(0)) await volume[Symbol.asyncDispose]()
  })

  const ballast = (): string => join(world.disk.path, 'ballast')

  /**
   * Before the driver starts, because it looks at the disk as often as programs can fill it. Allocated,
   * because what is in memory only makes pools full, those of other tests, too.
   */
  async function occupy(): Promise<void> {
    const { bavail, bsize } = await statfs(world.disk.path)
    await tool('fallocate', '--length', String(bavail * bsize - LEFT_BYTES), ballast())
  }

  async function published(name: string, fsType: string): Promise<TestVolume> {
    const wishes = { capability: mountCapability(fsType), bytes: 310 * MiB, parameters: { pool: 'extra' } }
    const volume = await new TestVolume(node, name, wishes).create()
    volumes.push(volume)
    await volume.stage()
    await volume.publish()
    return volume
  }

  /**
   * Writes and flushes piece by piece, as a database does, while the ballast is there. Its exit code says
   * whether a write failed.
   */
  function write(volume: TestVolume): ChildProcess {
    const script = `i=0; while dd if=/dev/zero of="$1" bs=1M count=1 seek=$i conv=fsync status=none
      do [ -e "$2" ] || exit 0; i=$((i+1)); done; exit 1`
    writing = spawn('sh', ['-c', script, 'sh', join(volume.target(), 'file'), ballast()], {
      stdio: 'inherit',
      detached: true,
    })
    return writing
  }

  const isFull = () =>
    eventually('the pool is full', async () => {
      expect(await storageHealth(node)).toEqual(['STORAGE_DEGRADED PoolFull'])
    })

  it.each(['ext4', 'xfs', 'btrfs'])('lets writers of %s wait until there is room', async (fsType) => {
    const volume = await published('a', fsType)
    const writer = write(volume)
    await isFull()
    expect(await healthOnNode(node, volume, 'pod')).toEqual(['DEGRADED PoolFull'])
    expect(writer.exitCode).toBeNull()
    await rm(ballast())
    expect(await once(writer, 'close')).toEqual([0, null])
    expect((await stat(join(volume.target(), 'file'))).size).toBeGreaterThanOrEqual(MiB)
    await eventually('the pool is full no longer', async () => {
      expect(await storageHealth(node)).toEqual([])
    })
  })

  it('lets volumes go on that take no more space', async () => {
    const growing = await published('a', 'ext4')
    const other = await published('b', 'ext4')
    const note = join(other.target(), 'note')
    await writeFile(note, 'one', { flush: true })
    write(growing)
    await isFull()
    await writeFile(note, 'two', { flag: 'r+', flush: true })
    expect(await readFile(note, 'utf8')).toBe('two')
  })

  it('lets a killed writer end, and its volume be unstaged', async () => {
    const volume = await published('a', 'ext4')
    const writer = write(volume)
    await isFull()
    process.kill(-(writer.pid ?? 0), 'SIGKILL')
    await once(writer, 'close')
    await eventually('the volume is not in use', () => volume.unpublish())
    await volume.unstage()
    expect(await volume.devices()).toEqual([])
  })

  it('lets writers wait though the driver is killed and started again', async () => {
    const volume = await published('a', 'ext4')
    const writer = write(volume)
    await isFull()
    await node.driver.end('SIGKILL')
    await world.startDriver()
    await isFull()
    expect(writer.exitCode).toBeNull()
    await rm(ballast())
    expect(await once(writer, 'close')).toEqual([0, null])
  })

  it('leaves nothing frozen when the driver ends', async () => {
    const volume = await published('a', 'ext4')
    write(volume)
    await isFull()
    await node.driver.end('SIGTERM')
    await expect(tool('fsfreeze', '--unfreeze', volume.target())).rejects.toThrow('Invalid argument')
    await world.startDriver()
  })
})
