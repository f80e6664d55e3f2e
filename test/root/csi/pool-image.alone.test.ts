import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { VolumeContentSourceInit } from '../../../src/csi/generated/csi/v1/VolumeContentSource.ts'
import { describeRoot } from '../../root.ts'
import { TestNode, runMain } from '../../support/driver.ts'
import { healthOnDisk, healthOnNode, storageHealth } from '../../support/health.ts'
import { fill } from '../../support/images.ts'
import { devicesOf, nothing } from '../../support/leftovers.ts'
import { ownNamespace } from '../../support/namespace.ts'
import { refusal } from '../../support/refusal.ts'
import { withStub } from '../../support/stub.ts'
import { GiB, MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

/** A driver with a plain pool `default` and a pool image `fast` of 1 GiB. */
class ImageNode implements AsyncDisposable {
  readonly node: TestNode
  readonly image: string
  readonly mountPoint: string
  readonly #config: string

  private constructor(node: TestNode) {
    this.node = node
    this.image = join(node.dataDir, 'pools', 'fast', 'pool.img')
    this.mountPoint = join(node.dataDir, 'mounts', 'fast')
    this.#config = join(node.path, 'config.yaml')
  }

  static async make(): Promise<ImageNode> {
    const made = new ImageNode(await TestNode.make())
    await made.configure('1Gi')
    return made
  }

  get args(): string[] {
    return ['--config', this.#config]
  }

  configure(size: string): Promise<void> {
    return writeFile(this.#config, `pools: { default: {}, fast: { image: { size: ${size} } } }`)
  }

  start(within: readonly string[] = []): Promise<void> {
    return this.node.start({ args: this.args, within })
  }

  volume(
    name: string,
    capability = mountCapability(),
    bytes = 64 * MiB,
    source?: VolumeContentSourceInit,
  ): TestVolume {
    return new TestVolume(this.node, name, {
      capability,
      bytes,
      ...(source && { source }),
      parameters: { pool: 'fast' },
      inPoolImage: true,
    })
  }

  async capacity(): Promise<number> {
    const { availableCapacity } = await this.node.client.controller.getCapacity({
      parameters: { pool: 'fast' },
    })
    return Number(availableCapacity)
  }

  /** The loop device of the pool itself. */
  async device(): Promise<string> {
    const found = [...(await devicesOf(this.node.path))].find(([, file]) => file === this.image)
    return found?.[0] ?? ''
  }

  /** Bytes in use on the pool's file system. */
  async used(): Promise<number> {
    await tool('sync', '--file-system', this.mountPoint)
    return Number(
      await tool('df', '--output=used', '--block-size=1', this.mountPoint).then(
        (text) => text.split('\n')[1],
      ),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.node[Symbol.asyncDispose]()
  }
}

let on: ImageNode
let node: TestNode

async function makeNode(): Promise<void> {
  on = await ImageNode.make()
  node = on.node
}

describeRoot('a pool image', () => {
  beforeEach(async () => {
    await makeNode()
    await on.start()
  })

  afterEach(async () => {
    await using _cleared = on
    expect(await node.stop()).toEqual(nothing)
  })

  it('is one sparse file with direct I/O, mounted only for the driver', async () => {
    const table = await readFile('/proc/self/mountinfo', 'utf8')
    const lines = table.split('\n').filter((line) => line.includes(` ${node.dataDir}/`))
    expect(lines.map((line) => line.split(' ')[4])).toEqual([join(node.dataDir, 'mounts'), on.mountPoint])
    for (const line of lines) expect(line).not.toMatch(/ shared:/)
    const columns = ['--list', '--noheadings', '--output', 'AUTOCLEAR,DIO', await on.device()]
    expect((await tool('losetup', ...columns)).split(/\s+/)).toEqual(['1', '1'])
    expect(Number(await tool('stat', '--format=%b', on.image)) * 512).toBeLessThan(100 * MiB)
  })

  it('shares the blocks of snapshots and clones', async () => {
    await using volume = on.volume('data', blockCapability(), 256 * MiB)
    await volume.create()
    await fill(volume.image, 0, 128 * MiB, 7)
    const before = await on.used()
    const { snapshot } = await node.client.controller.createSnapshot({
      name: 'cut',
      sourceVolumeId: volume.id,
    })
    await using clone = on.volume('clone', blockCapability(), 256 * MiB, volume.asSource)
    await clone.create()
    expect((await on.used()) - before).toBeLessThan(8 * MiB)
    expect(await tool('xfs_io', '-r', '-c', 'fiemap -v', clone.image)).toMatch(/0x200[01]/)
    await tool('cmp', volume.image, clone.image)
    await node.client.controller.deleteSnapshot({ snapshotId: snapshot?.snapshotId ?? '' })
  })

  it('returns the space of deleted volumes to its disk', async () => {
    const allocated = async () => Number(await tool('stat', '--format=%b', on.image)) * 512
    const volume = await on.volume('data', blockCapability(), 256 * MiB).create()
    await fill(volume.image, 0, 128 * MiB, 7)
    await tool('sync', '--file-system', on.mountPoint)
    const before = await allocated()
    await volume.delete()
    for (let left = 100; (await allocated()) > before - 100 * MiB && left > 0; left--) {
      await tool('sync', '--file-system', on.mountPoint)
      await setTimeout(50)
    }
    expect(await allocated()).toBeLessThan(before - 100 * MiB)
  })

  it('has the capacity of its file system, and grows', async () => {
    const small = await on.capacity()
    expect(small).toBeGreaterThan(0.85 * GiB)
    expect(small).toBeLessThan(GiB)
    await using volume = await on.volume('data').create()
    await volume.stage()
    await on.configure('3Gi')
    await node.crash({ args: on.args })
    expect(await on.capacity()).toBeGreaterThan(2.7 * GiB)
    expect(await healthOnNode(node, volume)).toEqual([])
    // Smaller again: it stays as it is.
    await on.configure('1Gi')
    await node.crash({ args: on.args })
    expect(await on.capacity()).toBeGreaterThan(2.7 * GiB)
  })

  it('stays for the volumes in use when the driver stops, and is unmounted with the last of them', async () => {
    const volume = await on.volume('data').create()
    await volume.stage()
    const target = await volume.publish()
    await writeFile(join(target, 'note'), 'kept')
    const left = await node.stop()
    expect(left.mounts).toContain(`${on.mountPoint} ${await on.device()}`)
    expect(await readFile(join(target, 'note'), 'utf8')).toBe('kept')
    await on.start()
    expect((await devicesOf(node.path)).size).toBe(2)
    await volume[Symbol.asyncDispose]()
  })

  it('is detached with the last copy of its mount, in any mount namespace', async () => {
    const other = spawn('unshare', ['--mount', 'sh', '-c', 'echo; exec sleep 1'])
    const ended = once(other, 'exit')
    await once(other.stdout, 'data')
    expect(await node.stop()).toEqual(nothing)
    await ended
  })

  it('is refused to a second driver, and not disturbed', async () => {
    const other = ['--endpoint', `unix://${node.path}/other.sock`]
    const exit = await runMain(...node.arguments, ...on.args, ...other)
    expect(exit.stderr).toMatch(/is in use by another driver process/)
    await using _volume = await on.volume('data').create()
  })
})

describeRoot('a driver with a pool image that is killed', () => {
  beforeEach(makeNode)

  afterEach(async () => {
    await on[Symbol.asyncDispose]()
  })

  const works = async (): Promise<void> => {
    {
      await using volume = await on.volume('data').create()
      await volume.stage()
      expect(await storageHealth(node)).toEqual([])
      expect((await devicesOf(node.path)).size).toBe(2)
    }
    expect(await node.stop()).toEqual(nothing)
  }

  it.each([
    ['before mkfs', '/usr/sbin/mkfs.xfs', 'kill -9 $PPID'],
    ['during mkfs, which goes on', '/usr/sbin/mkfs.xfs', '"$real" "$@" & kill -9 $PPID; sleep 0.2; wait'],
    ['after mkfs', '/usr/sbin/mkfs.xfs', '"$real" "$@"; kill -9 $PPID'],
    ['when it is mounted and not yet a pool', '/usr/sbin/xfs_growfs', 'kill -9 $PPID'],
  ])('%s', async (_, path, script) => {
    const within = await withStub(node.path, path, script)
    await expect(on.start(within)).rejects.toThrow(/SIGKILL/)
    await on.start()
    await works()
  })

  it('between creating and mounting it', async () => {
    const directory = await node.directory('data', 'pools', 'fast')
    await tool('truncate', '--size=1G', join(directory, 'pool.img'))
    await tool('mkfs.xfs', '-q', '-s', 'size=4096', join(directory, 'pool.img'))
    await tool('truncate', '--size=1G', join(directory, '.pool.img.new'))
    await on.start()
    await works()
  })

  it('before it is a known pool', async () => {
    await on.start()
    await node.driver.end('SIGKILL')
    await rm(join(node.dataDir, 'known-pools'), { recursive: true })
    await on.start()
    await works()
  })

  it.each([1, 2, 3, 4, 5, 6])('at any moment of its first start (%i)', async (seed) => {
    const starting = on.start().catch(() => undefined)
    await setTimeout(250 + 60 * seed)
    await node.driver.end('SIGKILL')
    await starting
    await on.start()
    await works()
  })

  it('with volumes in use, and started in another mount namespace', async () => {
    const container = ownNamespace(node.path)
    await on.start(container)
    const volume = await on.volume('data', blockCapability()).create()
    await volume.stage()
    const [device = ''] = await volumeDevices()
    await fill(device, 0, MiB, 9)
    await node.driver.end('SIGKILL')
    // Nobody has it mounted any more, but the volume's device has its image open.
    expect((await node.left()).mounts).toEqual([])
    await on.start(container)
    expect(await volumeDevices()).toEqual([device])
    expect(await healthOnNode(node, volume)).toEqual([])
    await volume.publish()
    await volume[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
  })

  it('in a mount namespace that copies all mounts', async () => {
    const container = ownNamespace(node.path)
    await on.start(container)
    const volume = await on.volume('data').create()
    await volume.stage()
    for (let round = 0; round < 3; round++) {
      await node.crash({ args: on.args, within: container })
      await volume.stage()
    }
    await volume[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
  })

  /** All but the pool's. */
  const volumeDevices = async (): Promise<string[]> =>
    [...(await devicesOf(node.path))].flatMap(([device, file]) => (file === on.image ? [] : [device]))
})

describeRoot('a pool image that shuts down', () => {
  let volume: TestVolume

  beforeEach(async () => {
    await makeNode()
    await on.start()
    volume = await on.volume('data').create()
    await volume.stage()
  })

  afterEach(async () => {
    await on[Symbol.asyncDispose]()
  })

  const othersGoOn = async (): Promise<void> => {
    await node.client.identity.probe({})
    await using other = await new TestVolume(node, 'other').create()
    await other.stage()
    expect(await healthOnNode(node, other)).toEqual([])
  }

  /** A mount namespace that another test makes at this moment has copies of all mounts for a while. */
  const becomesWell = async (): Promise<void> => {
    for (let left = 100; left > 0 && (await storageHealth(node)).length > 0; left--) await setTimeout(100)
    expect(await storageHealth(node)).toEqual([])
  }

  const cases: [string, () => Promise<void>][] = [
    ['without a restart', () => Promise.resolve()],
    ['with one', () => node.crash({ args: on.args })],
  ]

  it.each(cases)('unpublishes and unstages raw block volumes in use, %s', async (_, restart) => {
    const capability = blockCapability('SINGLE_NODE_MULTI_WRITER')
    const block = await on.volume('block', capability).create()
    await block.stage()
    await block.publish('writer')
    await block.publish('reader', { readonly: true })
    await tool('xfs_io', '-x', '-c', 'shutdown', on.mountPoint)
    expect(await storageHealth(node)).toEqual(['STORAGE_UNREACHABLE PoolUnreadable'])
    await restart()
    await block.unpublish('writer')
    await block.unpublish('reader')
    await block.unstage()
    await volume.unstage()
    await becomesWell()
    await block.delete()
    await volume.delete()
    expect(await node.stop()).toEqual(nothing)
  })

  it.each(cases)(
    'after an error of its disk works again when it is mounted again, %s',
    async (_, restart) => {
      await tool('xfs_io', '-x', '-c', 'shutdown', on.mountPoint)
      expect(await healthOnDisk(node, volume.id)).toEqual(['INACCESSIBLE PoolUnreadable'])
      expect(await healthOnNode(node, volume)).toEqual(['INACCESSIBLE PoolUnreadable'])
      expect(await storageHealth(node)).toEqual(['STORAGE_UNREACHABLE PoolUnreadable'])
      await othersGoOn()

      // While in use it cannot be mounted again; the driver must start even so.
      await restart()
      expect(await storageHealth(node)).toEqual(['STORAGE_UNREACHABLE PoolUnreadable'])
      expect(await healthOnDisk(node, volume.id)).toEqual(['INACCESSIBLE PoolUnreachable'])
      expect(await healthOnNode(node, volume)).toEqual(['INACCESSIBLE PoolUnreachable'])
      await othersGoOn()
      await volume.unstage()
      await becomesWell()
      await volume.stage()
      expect(await healthOnNode(node, volume)).toEqual([])
    },
  )

  it('blocks a new btrfs in another pool, with the reason', async () => {
    await using btrfs = await new TestVolume(node, 'btrfs', { capability: mountCapability('btrfs') }).create()
    await tool('xfs_io', '-x', '-c', 'shutdown', on.mountPoint)
    await expect(btrfs.stage()).rejects.toMatchObject(refusal('UNAVAILABLE', /disk that cannot be read/))
    await volume.unstage()
    await btrfs.stage()
  })

  it('because its file is removed is never created again', async () => {
    await rename(on.image, `${on.image}.away`)
    const missing = 'PoolImageMissing'
    expect(await storageHealth(node)).toEqual([`STORAGE_UNREACHABLE ${missing}`])
    expect(await healthOnDisk(node, volume.id)).toEqual([`INACCESSIBLE ${missing}`])
    await othersGoOn()
    const deleted = refusal('UNAVAILABLE', /pool\.img is deleted/)
    // The file system is mounted still: what is made in it would be lost.
    await expect(on.volume('early').create()).rejects.toMatchObject(deleted)
    await node.crash({ args: on.args })
    expect(await storageHealth(node)).toEqual([`STORAGE_UNREACHABLE ${missing}`])
    await expect(on.volume('new').create()).rejects.toMatchObject(deleted)
    await othersGoOn()
    await rename(`${on.image}.away`, on.image)
    expect(await storageHealth(node)).toEqual([])
    expect(await healthOnNode(node, volume)).toEqual([])
  })

  describe('while the driver does not run', () => {
    beforeEach(async () => {
      await volume.unstage()
      expect(await node.stop()).toEqual(nothing)
    })

    it('because its file system is destroyed', async () => {
      await fill(on.image, 0, MiB, 0)
      await on.start()
      expect(await storageHealth(node)).toEqual(['STORAGE_UNREACHABLE PoolImageNotMountable'])
      await othersGoOn()
      expect(await node.stop()).toEqual(nothing)
    })

    it('because its file is that of another pool', async () => {
      await rm(on.image)
      await tool('truncate', '--size=1G', on.image)
      await tool('mkfs.xfs', '-q', '-s', 'size=4096', on.image)
      await on.start()
      expect(await storageHealth(node)).toEqual(['STORAGE_UNREACHABLE PoolNotMounted'])
      await othersGoOn()
      expect(await node.stop()).toEqual(nothing)
    })
  })
})

describeRoot('a pool image that cannot be created', () => {
  beforeEach(makeNode)

  afterEach(async () => {
    await on[Symbol.asyncDispose]()
  })

  const refused = async (message: RegExp): Promise<void> => {
    const { code, stderr } = await runMain(...node.arguments, ...on.args)
    expect(stderr).toMatch(message)
    expect(code).toBe(1)
    expect(await node.left()).toEqual(nothing)
  }

  it('because it is too small', async () => {
    await on.configure('100Mi')
    await refused(/image\.size 100 MiB is too small/)
  })

  it('because something else is in its place', async () => {
    await writeFile(join(await node.directory('data', 'pools', 'fast'), 'precious.txt'), '')
    await refused(/no pool\.img and is not empty \(precious\.txt\)/)
  })
})
