import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../root.ts'
import { TestNode } from '../support/driver.ts'
import { devicesOf, nothing } from '../support/leftovers.ts'
import { ownNamespace } from '../support/namespace.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../support/volume.ts'

/** As in the container of a kind node: mounts of its own, and a /dev without udev. */
const emptyDev = [
  'mount -t tmpfs -o mode=755 dev /dev',
  'mknod -m 666 /dev/null c 1 3',
  'mknod -m 666 /dev/zero c 1 5',
  'mknod -m 666 /dev/random c 1 8',
  'mknod -m 666 /dev/urandom c 1 9',
]
/** Left-overs of an earlier life of the numbers that are next, which lead to other devices. */
const wrongNodes = [
  'first=$(losetup --find | tr -dc 0-9)',
  'for n in $(seq $first $((first + 31))); do rm -f /dev/loop$n; mknod /dev/loop$n b 7 $((n + 100)); done',
]

const LOOP_CONTROL = 'mknod -m 600 /dev/loop-control c 10 237'

const namespace = (...setUp: string[]): string[] => ownNamespace('/no mounts yet', ...setUp)

describeRoot('a driver in a mount namespace with an empty /dev', () => {
  let node: TestNode

  beforeEach(async () => {
    node = await TestNode.make()
  })

  afterEach(async () => {
    await node[Symbol.asyncDispose]()
  })

  /** A path as the driver sees it. */
  const inside = (path: string): string => join(`/proc/${node.driver.pid}/root`, path)

  it.each([
    ['no nodes', namespace(...emptyDev)],
    ['nodes of other devices', namespace(...emptyDev, LOOP_CONTROL, ...wrongNodes)],
  ])('with %s serves mount and block volumes', async (_, within) => {
    await node.start({ within })
    const mount = await new TestVolume(node, 'mount').create()
    await mount.stage()
    await writeFile(join(inside(await mount.publish()), 'note'), 'kept')
    expect(await readFile(join(inside(mount.staging), 'note'), 'utf8')).toBe('kept')
    await expect(stat(join(mount.staging, 'note'))).rejects.toMatchObject({ code: 'ENOENT' })

    const capability = blockCapability('SINGLE_NODE_MULTI_WRITER')
    const block = await new TestVolume(node, 'block', { capability }).create()
    await block.stage()
    const target = inside(await block.publish())
    await writeFile(target, 'raw')
    const reader = inside(await block.publish('reader', { readonly: true }))
    expect((await readFile(reader)).toString('latin1', 0, 3)).toBe('raw')
    await expect(writeFile(reader, 'lost')).rejects.toMatchObject({ code: 'EPERM' })

    const devices = [...(await devicesOf(node.path)).keys()]
    expect(devices).toHaveLength(3)
    for (const device of devices) expect((await stat(inside(device))).rdev).toBe((await stat(device)).rdev)
    for (const volume of [mount, block]) await volume[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })

  it.each(['ext4', 'xfs', 'btrfs'])('that is killed leaves no device of %s behind', async (fsType) => {
    await node.start({ within: namespace(...emptyDev) })
    const volume = new TestVolume(node, 'data', { capability: mountCapability(fsType), bytes: 320 * MiB })
    await volume.create()
    await volume.stage()
    await writeFile(join(inside(await volume.publish()), 'note'), 'kept')
    expect(await devicesOf(node.path)).toHaveProperty('size', 1)
    await node.driver.end('SIGKILL')
    expect(await node.left()).toEqual(nothing)

    await node.start({ within: namespace(...emptyDev) })
    await volume.stage()
    expect(await readFile(join(inside(await volume.publish()), 'note'), 'utf8')).toBe('kept')
    await volume[Symbol.asyncDispose]()
  })

  it('that is killed leaves the devices of block volumes to the next one', async () => {
    const capability = blockCapability('SINGLE_NODE_MULTI_WRITER')
    await node.start({ within: namespace(...emptyDev) })
    const volume = await new TestVolume(node, 'data', { capability }).create()
    await volume.stage()
    await volume.publish('reader', { readonly: true })
    const before = await devicesOf(node.path)
    await node.crash({ within: namespace(...emptyDev) })
    expect(await devicesOf(node.path)).toEqual(before)
    await volume.stage()
    await volume.unstage()
    expect(await devicesOf(node.path)).toHaveProperty('size', 0)
    await volume.delete()
    expect(await node.stop()).toEqual(nothing)
  })

  it('recognizes attached images in another namespace, and does not attach them twice', async () => {
    await node.start({ within: namespace(...emptyDev) })
    const volume = await new TestVolume(node, 'data', { capability: blockCapability() }).create()
    await volume.stage()
    const [device] = await volume.devices()
    await node.crash()
    await volume.stage()
    expect(await volume.devices()).toEqual([device])
    await volume.publish()
    await volume[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
  })
})
