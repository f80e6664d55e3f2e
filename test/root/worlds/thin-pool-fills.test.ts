import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { eventually } from '../../support/eventually.ts'
import { healthOnNode, storageHealth } from '../../support/health.ts'
import { mountCapability, MiB, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { DiskWorld } from './disk-world.ts'

const DISK_BYTES = 400 * MiB
const FILE_BYTES = 120 * MiB
/** What is left is less than that. */
const BALLAST_BYTES = 260 * MiB

describeRoot('a thin pool that fills while programs write', () => {
  let world: DiskWorld
  let node: TestNode
  let writing: ChildProcess | undefined
  const volumes: TestVolume[] = []

  beforeEach(async () => {
    world = await DiskWorld.ofSize(DISK_BYTES)
    await world.configureExtra('overcommit: 4', 'default: {}')
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

  async function occupy(bytes: number): Promise<void> {
    await using file = await open(ballast(), 'w')
    for (let written = 0; written < bytes; written += MiB) await file.write(Buffer.alloc(MiB, 'b'))
    await file.sync()
  }

  async function published(name: string, fsType: string): Promise<TestVolume> {
    const wishes = { capability: mountCapability(fsType), bytes: 310 * MiB, parameters: { pool: 'extra' } }
    const volume = await new TestVolume(node, name, wishes).create()
    volumes.push(volume)
    await volume.stage()
    await volume.publish()
    return volume
  }

  /** Writes and flushes piece by piece, as a database does; its exit code says whether a write failed. */
  function write(volume: TestVolume): ChildProcess {
    const script = `i=0; while [ $i -lt ${FILE_BYTES / MiB} ]; do
      dd if=/dev/zero of="$1" bs=1M count=1 seek=$i conv=notrunc,fsync status=none || exit 1; i=$((i+1)); done`
    writing = spawn('sh', ['-c', script, 'sh', join(volume.target(), 'file')], {
      stdio: 'inherit',
      detached: true,
    })
    return writing
  }

  /**
   * Less is free than what makes a pool full, so that it stays full. What others write makes it full earlier.
   */
  const isFull = () =>
    eventually('the pool is full', async () => {
      expect(await storageHealth(node)).toEqual(['STORAGE_DEGRADED PoolFull'])
      const { blocks, bavail } = await statfs(world.disk.path)
      expect(bavail).toBeLessThan(blocks / 20)
    })

  it.each(['ext4', 'xfs', 'btrfs'])('lets writers of %s wait until there is room', async (fsType) => {
    const volume = await published('a', fsType)
    await occupy(BALLAST_BYTES)
    const writer = write(volume)
    await isFull()
    expect(await healthOnNode(node, volume, 'pod')).toEqual(['DEGRADED PoolFull'])
    expect(writer.exitCode).toBeNull()
    await rm(ballast())
    expect(await once(writer, 'close')).toEqual([0, null])
    expect((await stat(join(volume.target(), 'file'))).size).toBe(FILE_BYTES)
    expect(await storageHealth(node)).toEqual([])
  })

  it('lets volumes go on that take no more space', async () => {
    const growing = await published('a', 'ext4')
    const other = await published('b', 'ext4')
    const note = join(other.target(), 'note')
    await writeFile(note, 'one', { flush: true })
    await occupy(BALLAST_BYTES)
    write(growing)
    await isFull()
    await writeFile(note, 'two', { flag: 'r+', flush: true })
    expect(await readFile(note, 'utf8')).toBe('two')
  })

  it('lets a killed writer end, and its volume be unstaged', async () => {
    const volume = await published('a', 'ext4')
    await occupy(BALLAST_BYTES)
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
    await occupy(BALLAST_BYTES)
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
    await occupy(BALLAST_BYTES)
    write(volume)
    await isFull()
    await node.driver.end('SIGTERM')
    await expect(tool('fsfreeze', '--unfreeze', volume.target())).rejects.toThrow('Invalid argument')
    await world.startDriver()
  })
})
