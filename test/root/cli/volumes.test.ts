import { open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { PoolView } from '../../../src/cli/pool/commands.ts'
import type { VolumeView } from '../../../src/cli/volume/view.ts'
import { describeRoot } from '../../root.ts'
import { commandLine, type CommandResult, type CommandWishes } from '../../support/command-line.ts'
import type { TestNode } from '../../support/driver.ts'
import { allocated, expectEqual, fill } from '../../support/images.ts'
import { TestSnapshot } from '../../support/snapshot.ts'
import { useTestNodePerTest } from '../../support/use-test-node.ts'
import { blockCapability, MiB, mountCapability, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

describeRoot('the command line, beside a driver', () => {
  let node: TestNode
  useTestNodePerTest((started) => (node = started))

  const run = (args: readonly string[], wishes?: CommandWishes): Promise<CommandResult> =>
    commandLine([...args, '--data-dir', node.dataDir], wishes)

  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, stderr, stdout } = await run([...args, '--json'])
    expect([code, stderr]).toEqual([0, ''])
    return JSON.parse(stdout) as T
  }

  const refused = async (args: readonly string[], why: RegExp, wishes?: CommandWishes): Promise<void> => {
    const { code, stderr } = await run(args, wishes)
    expect(stderr).toMatch(why)
    expect(code).toBe(1)
  }

  /** As the provisioner makes it (--extra-create-metadata). */
  const claimed = (name: string, capability = mountCapability(), bytes = 32 * MiB): Promise<TestVolume> => {
    const parameters = {
      'csi.storage.k8s.io/pvc/namespace': 'shop',
      'csi.storage.k8s.io/pvc/name': name,
    }
    return new TestVolume(node, `pvc-${name}`, { capability, bytes, parameters }).create()
  }

  const inUse = async (volume: TestVolume): Promise<string> => {
    await volume.stage()
    return await volume.publish()
  }

  it('lists volumes with their devices and mounts', async () => {
    await using db = await claimed('db')
    const target = await inUse(db)
    await writeFile(join(target, 'note'), Buffer.alloc(MiB, 'x'))
    await tool('sync', target)
    await using raw = await new TestVolume(node, 'raw', { capability: blockCapability() }).create()
    await using lost = await new TestVolume(node, 'lost').create()
    await rm(lost.image)
    const volumes = new Map((await json<VolumeView[]>('volume', 'ls')).map((view) => [view.id, view]))
    const [device = ''] = await db.devices()
    expect(volumes.get(db.id)).toMatchObject({
      ...{ name: 'pvc-db', claim: 'shop/db', pool: 'default', accessTypes: ['mount'], fsType: 'ext4' },
      ...{ capacityBytes: 32 * MiB, allocatedBytes: await allocated(db.image), image: db.image },
      devices: [{ path: device, readOnly: false }],
      problem: null,
    })
    expect(
      volumes
        .get(db.id)
        ?.mounts.map(({ target }) => target)
        .sort(),
    ).toEqual([db.staging, target].sort())
    expect(volumes.get(db.id)?.usage?.usedBytes).toBeGreaterThan(MiB)
    expect(volumes.get(raw.id)).toMatchObject({ claim: null, fsType: null, devices: [], usage: null })
    expect(volumes.get(lost.id)).toMatchObject({ name: null, problem: expect.stringMatching(/is missing$/) })

    const rows = (await run(['volume', 'ls'])).stdout.split('\n').map((line) => line.split(/  +/))
    const row = (id: string) => rows.find(([first]) => first === id)
    expect(rows[0]).toEqual([...['VOLUME', 'CLAIM', 'POOL', 'TYPE', 'SIZE', 'ALLOCATED', 'DEVICE', 'STATUS']])
    expect(row(db.id)).toEqual(
      expect.arrayContaining(['shop/db', 'default', 'ext4', '32 MiB', device, 'mounted']),
    )
    expect(row(raw.id)).toEqual(expect.arrayContaining(['block', '0 B', 'unused']))
    expect(row(lost.id)).toEqual(expect.arrayContaining(['damaged']))
    const used = (await run(['volume', 'df'])).stdout.split('\n').find((line) => line.startsWith(db.id))
    expect(used).toMatch(/shop\/db +ext4 +.* MiB +.*% +.*% +/)
  })

  it.each<[string, (volume: TestVolume) => string]>([
    ['its id', ({ id }) => id],
    ['its name', ({ name }) => name],
    ['its claim', () => 'shop/db'],
  ])('shows a volume by %s, with its snapshots', async (_, reference) => {
    await using db = await claimed('db')
    await using snapshot = await new TestSnapshot(node, 'nightly', db).create()
    const view = await json<VolumeView & { snapshots: object[] }>('volume', 'show', reference(db))
    expect(view).toMatchObject({ id: db.id, snapshots: [{ id: snapshot.id, name: 'nightly' }] })
    const { stdout } = await run(['volume', 'show', reference(db)])
    expect(stdout).toMatch(new RegExp(`^claim: +shop/db$`, 'm'))
    expect(stdout).toMatch(new RegExp(`^snapshot: +${snapshot.id}`, 'm'))
  })

  it('offers a shell the claims and ids of volumes', async () => {
    await using db = await claimed('db')
    const env = { LOOP_DATA_DIR: node.dataDir }
    const { stdout } = await commandLine(['complete', '--', 'volume', 'show', ''], { env })
    expect(stdout).toContain(`shop/db\t${db.id}\n${db.id}\tshop/db\n`)
  })

  it('refuses a volume that does not exist, or has the name of another', async () => {
    await refused(['volume', 'show', 'shop/db'], /there is no volume "shop\/db" on this node/)
    const parameters = { 'csi.storage.k8s.io/pvc/namespace': 'a', 'csi.storage.k8s.io/pvc/name': 'b' }
    await using one = await new TestVolume(node, 'one', { parameters }).create()
    await using two = await new TestVolume(node, 'two', { parameters }).create()
    await refused(['volume', 'show', 'a/b'], new RegExp(`several: (${one.id}|${two.id}), .*; give the id`))
  })

  it('reports the contents of the pools, as the driver does', async () => {
    await using _volume = await claimed('db')
    const [pool] = await json<PoolView[]>('pool', 'df')
    expect(pool).toMatchObject({ name: 'default', state: 'ready', volumes: 1, snapshots: 0, damaged: 0 })
    expect(pool?.space?.promisedBytes).toBe(32 * MiB)
    expect((await run(['pool', 'ls'])).stdout).toMatch(/^default +ready +1 +0 +0 +\/.*\/pools\/default$/m)
    expect((await run(['pool', 'df'])).stdout).toMatch(/^default +.* GiB +.*% +32 MiB +1 +.* GiB$/m)
  })

  it('lists loop devices under both names', async () => {
    for (const name of ['list', 'ls'])
      expect((await commandLine(['loop', name])).stdout).toMatch(/^DEVICE +SIZE +FLAGS +NAME +FILE\n/)
  })

  describe('trim', () => {
    it('frees the blocks that a volume no longer uses', async () => {
      await using db = await claimed('db')
      const target = await inUse(db)
      await writeFile(join(target, 'large'), Buffer.alloc(16 * MiB, 'x'))
      await tool('sync', target)
      const before = await allocated(db.image)
      await rm(join(target, 'large'))
      await tool('sync', target)
      const { code, stdout } = await run(['volume', 'trim', 'shop/db'])
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/discarded .* MiB, the image is .* MiB smaller/),
      ])
      expect(before - (await allocated(db.image))).toBeGreaterThan(12 * MiB)
    })

    it.each<[string, (volume: TestVolume) => Promise<unknown>, Record<string, string>, RegExp]>([
      ['not mounted', () => Promise.resolve(), {}, /is not mounted here/],
      ['mounted read-only', (volume) => readOnly(volume), {}, /is mounted read-only/],
      ['thick', inUse, { provisioning: 'thick' }, /is thick: a trim would free its blocks/],
    ])('refuses a volume that is %s', async (_, use, parameters, why) => {
      await using volume = await new TestVolume(node, 'data', { parameters }).create()
      await use(volume)
      await refused(['volume', 'trim', volume.id], why)
    })

    async function readOnly(volume: TestVolume): Promise<void> {
      await volume.stage()
      await volume.unstage()
      await volume.stage(mountCapability('', { mode: 'SINGLE_NODE_READER_ONLY' }))
    }
  })

  describe('check', () => {
    // What is damaged has metadata, and no superblock.
    it.each([
      ['ext4', 32 * MiB, MiB, 29 * MiB],
      ['xfs', 320 * MiB, 68 << 10, 60 << 10],
      ['btrfs', 256 * MiB, MiB, 60 * MiB],
    ])('tells a clean %s from a damaged one, and lets go of both', async (fsType, size, offset, bytes) => {
      await using volume = await claimed('db', mountCapability(fsType), size)
      await inUse(volume)
      await volume.unpublish()
      await volume.unstage()
      const clean = await run(['volume', 'check', volume.id])
      expect([clean.code, clean.stdout]).toEqual([0, expect.stringMatching(/: clean \(/)])
      await fill(volume.image, offset, bytes, 0xff)
      const damaged = await run(['volume', 'check', volume.id])
      expect([damaged.code, damaged.stdout]).toEqual([1, expect.stringMatching(/: DAMAGED \(/)])
      expect((await node.left()).devices).toEqual([])
    })

    it('has nothing to check in a volume that was never used', async () => {
      await using volume = await claimed('db')
      const { code, stdout } = await run(['volume', 'check', volume.id, '--json'])
      expect([code, JSON.parse(stdout)]).toMatchObject([0, [{ id: volume.id, isClean: true }]])
    })

    it.each([
      ['mounted', mountCapability(), /is in use \(attached to \/dev\/loop\d+, mounted at .*globalmount/],
      ['attached', blockCapability(), /is in use \(attached to \/dev\/loop\d+, mounted at .*pod/],
    ])('refuses one that is %s, and says by what', async (_, capability, why) => {
      await using volume = await claimed('db', capability)
      await inUse(volume)
      await refused(['volume', 'check', volume.id], why)
    })

    it('refuses a raw block volume', async () => {
      await using volume = await claimed('raw', blockCapability())
      await refused(['volume', 'check', volume.id], /raw block volume/)
    })
  })

  describe('export', () => {
    const output = (): string => join(node.path, 'exported.img')

    it('writes an unused volume to a sparse file', async () => {
      await using volume = await claimed('db')
      await fill(volume.image, 5 * MiB, 64 << 10, 7)
      const { code, stderr, stdout } = await run(['volume', 'export', 'shop/db', '--output', output()])
      expect([code, stdout]).toEqual([0, ''])
      expect(stderr).toBe(`shop/db: 32 MiB written to ${output()}\n`)
      await expectEqual(volume.image, output())
      expect(await allocated(output())).toBeLessThan(MiB)
    })

    it('writes a snapshot to standard output, all of it, while its volume is in use', async () => {
      await using volume = await claimed('db')
      const target = await inUse(volume)
      await writeFile(join(target, 'note'), 'kept')
      await using snapshot = await new TestSnapshot(node, 'nightly', volume).create()
      const { code } = await run(['volume', 'export', 'nightly', '--output', '-'], { stdout: output() })
      expect(code).toBe(0)
      await expectEqual(snapshot.image, output())
    })

    it('refuses a volume in use, and never writes over a file', async () => {
      await using volume = await claimed('db')
      await inUse(volume)
      await refused(['volume', 'export', volume.id, '--output', output()], /in use .*make a snapshot of it/)
      await expect(stat(output())).rejects.toMatchObject({ code: 'ENOENT' })
      await using other = await claimed('other')
      await writeFile(output(), 'mine')
      await refused(['volume', 'export', other.id, '--output', output()], /EEXIST/)
      expect(await readFile(output(), 'utf8')).toBe('mine')
    })

    it('keeps the driver from staging and deleting what is exported', async () => {
      await using volume = await claimed('db', mountCapability(), 64 * MiB)
      await fill(volume.image, 0, 32 * MiB, 7)
      // The pipe has no reader, so it does not end before it is stopped.
      const fifo = join(node.path, 'fifo')
      await tool('mkfifo', fifo)
      const command = ['sh', '-c', `exec "$@" >${fifo}`, 'sh']
      const exporting = run(['volume', 'export', volume.id, '--output', '-'], { within: command })
      const reader = await open(fifo, 'r')
      await reader.read(Buffer.alloc(1), 0, 1)
      await expect(volume.stage()).rejects.toMatchObject({ details: expect.stringMatching(/locked/) })
      await expect(volume.delete()).rejects.toMatchObject({ details: expect.stringMatching(/in use/) })
      await reader.close()
      expect((await exporting).code).not.toBe(0)
    })
  })
})
