import { open, readFile, statfs, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { hasResourceCapability } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { isKernelSince } from '../../support/kernel.ts'
import { nothing } from '../../support/leftovers.ts'
import { Steps } from '../../support/seam/steps.ts'
import { TestSnapshot } from '../../support/snapshot.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { describeGuest, program } from './needs.ts'
import { tellWay } from './ways.ts'

const inSteps = ['LOOP_SET_FD', 'LOOP_SET_STATUS64', 'LOOP_SET_BLOCK_SIZE', 'LOOP_SET_DIRECT_IO']

describeGuest('the ways of the driver on this kernel', [program('udevadm')], () => {
  let node: TestNode
  let steps: Steps

  beforeEach(async () => {
    node = await TestNode.make()
    steps = new Steps(node)
    await node.start({ within: steps.within })
  })

  afterEach(async () => {
    await using _removed = node
    await steps.release()
    expect(await node.stop()).toEqual(nothing)
  })

  const calls = async (): Promise<string[]> => (await steps.taken()).map((step) => step.split(' ')[0] ?? '')
  const count = async (name: string): Promise<number> =>
    (await calls()).filter((call) => call === name).length
  const make = (type: string, bytes = 32 * MiB): Promise<TestVolume> =>
    new TestVolume(node, type, { capability: mountCapability(type), bytes }).create()

  it('attach by one call, and need no device nodes of their own', async () => {
    tellWay('kernel', release())
    await using volume = await make('ext4')
    await steps.record()
    await volume.stage()
    expect([await count('LOOP_CONFIGURE'), await count('LOOP_SET_FD'), await count('mknod')]).toEqual([
      1, 0, 0,
    ])
    tellWay('attach', 'LOOP_CONFIGURE')
    tellWay('device nodes', (await tool('stat', '--file-system', '--format=%T', '/dev')) + ' of the kernel')
  })

  it('attach in steps where there is no LOOP_CONFIGURE', async () => {
    await using volume = await make('ext4')
    await steps.failAt('LOOP_CONFIGURE 1', 'ENOTTY')
    await volume.stage()
    const taken = (await calls()).filter((call) => inSteps.includes(call))
    expect(new Set(taken)).toEqual(new Set(inSteps))
    tellWay('attach without LOOP_CONFIGURE', [...new Set(taken)].join(', '))
    await writeFile(join(await volume.publish(), 'file'), 'text')
    await volume.unpublish()
    await volume.unstage()
    await volume.stage()
    expect(await readFile(join(await volume.publish(), 'file'), 'utf8')).toBe('text')
  })

  /** @returns the calls by which a volume is published read-only, of which there is one each */
  const publishReadOnly = async (fault?: string): Promise<string> => {
    await using volume = await make('ext4')
    await volume.stage()
    await (fault === undefined ? steps.record() : steps.failAt('mount_setattr 1', fault))
    const target = await volume.publish('reader', { readonly: true })
    const taken = (await calls()).filter((call) => ['mount_setattr', 'bind', 'remount'].includes(call))
    await expect(open(join(target, 'file'), 'w')).rejects.toMatchObject({ code: 'EROFS' })
    return taken.join(', ')
  }

  it('bind read-only at once since Linux 5.12, and in two calls before', async () => {
    const way = isKernelSince(5, 12) ? 'mount_setattr' : 'mount_setattr, bind, remount'
    expect(await publishReadOnly()).toBe(way)
    tellWay('read-only bind mount', way === 'mount_setattr' ? way : 'bind, remount (no mount_setattr)')
  })

  it('bind read-only in two calls where there is no mount_setattr', async () => {
    expect(await publishReadOnly('ENOSYS')).toBe('mount_setattr, bind, remount')
    tellWay('read-only bind mount without mount_setattr', 'bind, remount')
  })

  it.each([
    ['ext4', 32],
    ['xfs', 320],
    ['btrfs', 160],
  ])('grow a mounted %s', async (type, mebibytes) => {
    expect(hasResourceCapability()).toBe(true)
    await using volume = await make(type, mebibytes * MiB)
    await volume.stage()
    const target = await volume.publish()
    const sizeOf = async (): Promise<number> => {
      const { blocks, bsize } = await statfs(target)
      return blocks * bsize
    }
    const before = await sizeOf()
    await volume.expand(2 * mebibytes * MiB, target)
    expect((await sizeOf()) - before).toBeGreaterThan(0.8 * mebibytes * MiB)
    tellWay(`growth of a mounted ${type}`, 'online')
  })

  it.each(['ext4', 'xfs', 'btrfs'])('take a snapshot of a mounted %s', async (type) => {
    await using volume = await make(type, 320 * MiB)
    await volume.stage()
    await writeFile(join(await volume.publish(), 'file'), 'text')
    await steps.record()
    await using snapshot = await new TestSnapshot(node, 'snapshot', volume).create()
    const taken = new Set(await calls())
    expect([...taken]).toEqual(expect.arrayContaining(['FIFREEZE', 'FITHAW']))
    const ways = ['FICLONE', 'copy_file_range'].filter((call) => taken.has(call))
    expect(ways.length).toBeGreaterThan(0)
    const isTraced = (await steps.taken()).some((step) => step.startsWith('mount tracefs'))
    const wishes = { capability: mountCapability(type), bytes: 320 * MiB, source: snapshot.asSource }
    await using copy = await new TestVolume(node, 'copy', wishes).create()
    await copy.stage()
    expect(await readFile(join(await copy.publish(), 'file'), 'utf8')).toBe('text')
    tellWay(`snapshot of a mounted ${type}`, `${ways.join(', ')}${isTraced ? ', traced' : ''}`)
  })

  it('publish a raw block volume read-only by a second device', async () => {
    const capability = blockCapability('SINGLE_NODE_MULTI_WRITER')
    await using volume = await new TestVolume(node, 'block', { capability }).create()
    await volume.stage()
    await volume.publish()
    const reader = await volume.publish('reader', { readonly: true })
    expect(await tool('blockdev', '--getro', reader)).toBe('1')
    await expect(writeFile(reader, 'x')).rejects.toThrow(/EPERM|EACCES|EROFS/)
  })
})
