import { mkdir, open, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { refusal } from '../../support/refusal.ts'
import { useTestNode } from '../../support/use-test-node.ts'
import { GiB, MiB, TestVolume, blockCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

describeRoot('a block volume', () => {
  let node: TestNode
  useTestNode((started) => {
    node = started
  })

  let volumes = 0
  const create = (bytes = 8 * MiB, capability = blockCapability()): Promise<TestVolume> =>
    new TestVolume(node, `raw-${++volumes}`, { capability, bytes }).create()
  const shared = blockCapability('SINGLE_NODE_MULTI_WRITER')

  it('lives from create to delete and keeps its data', async () => {
    await using volume = await create()
    await volume.stage()
    const target = await volume.publish()
    expect((await stat(target)).isBlockDevice()).toBe(true)
    expect(await tool('blockdev', '--getsize64', target)).toBe(`${8 * MiB}`)
    await write(target, 'kept')

    const request = { volumeId: volume.id, volumePath: target }
    const { usage } = await node.client.node.nodeGetVolumeStats(request)
    expect(usage).toMatchObject([{ unit: 'BYTES', total: `${8 * MiB}` }])

    await volume.unpublish()
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
    await volume.unstage()
    expect(await volume.devices()).toEqual([])
    await volume.stage()
    expect(await read(await volume.publish())).toBe('kept')
  })

  it('is not writable through a read-only target, even for root', async () => {
    await using volume = await create()
    await volume.stage()
    const target = await volume.publish('reader', { readonly: true })
    expect(await tool('blockdev', '--getro', target)).toBe('1')
    await expect(write(target, 'lost')).rejects.toMatchObject({ code: 'EPERM' })
    await expect(tool('blockdev', '--setrw', target).then(() => write(target, 'lost'))).rejects.toThrow()
    await volume.publish('reader', { readonly: true })
  })

  it("distinguishes its read-only device from the kubelet's device for a writer", async () => {
    await using volume = await create(8 * MiB, shared)
    await volume.stage()
    const [own = ''] = await volume.devices()
    await volume.publish('writer')
    const early = await volume.publish('early', { readonly: true })
    // As the kubelet does, on either side of ours.
    await using kubelet = new AsyncDisposableStack()
    for (let i = 0; i < 2; i++) {
      const device = await tool('losetup', '--find', '--show', own)
      kubelet.defer(async () => {
        await tool('losetup', '--detach', device)
      })
      await node.crash()
    }
    const late = await volume.publish('late', { readonly: true })
    expect((await stat(late)).rdev).toBe((await stat(early)).rdev)
    expect(await tool('blockdev', '--getro', late)).toBe('1')
    await volume.expand(16 * MiB, volume.target('writer'))
    expect(await tool('blockdev', '--getsize64', early)).toBe(`${16 * MiB}`)
    await volume.unpublish('early')
    await volume.unpublish('late')
    expect(await devicesOf(volume)).toHaveLength(3)
    await volume.unpublish('writer')
  })

  it('detaches the devices that the kubelet has left on top of it', async () => {
    await using volume = await create()
    await volume.stage()
    const [own = ''] = await volume.devices()
    for (let i = 0; i < 2; i++) await tool('losetup', '--find', own)
    await node.crash()
    expect(await devicesOf(volume)).toHaveLength(3)
    await volume.unstage()
    expect(await node.left()).toMatchObject({ devices: [] })
  })

  it('lets a reader see what a concurrent writer has written', async () => {
    await using volume = await create(8 * MiB, shared)
    await volume.stage()
    const [writer, reader] = [
      await volume.publish('writer'),
      await volume.publish('reader', { readonly: true }),
    ]
    await write(writer, 'new')
    expect(await read(reader)).toBe('new')
  })

  it('has one read-only device for all its readers, which is detached with the last of them', async () => {
    await using volume = await create(8 * MiB, shared)
    await volume.stage()
    const count = async (): Promise<number> => (await devicesOf(volume)).length
    await volume.publish('writer')
    expect(await count()).toBe(1)
    await volume.publish('reader-1', { readonly: true })
    await volume.publish('reader-2', { readonly: true })
    expect(await count()).toBe(2)
    await volume.unpublish('reader-1')
    expect(await count()).toBe(2)
    await volume.unpublish('reader-2')
    expect(await count()).toBe(1)
  })

  it('is staged once for both of two writers', async () => {
    await using volume = await create(8 * MiB, shared)
    await volume.stage()
    await volume.stage()
    await write(await volume.publish('a'), 'from a')
    expect(await read(await volume.publish('b'))).toBe('from a')
    await volume.unpublish('a')
    expect(await read(volume.target('b'))).toBe('from a')
  })

  it.each([
    ['writers', false],
    ['readers', true],
  ])('grows while %s use it', async (_, readonly) => {
    await using volume = await create()
    await volume.stage()
    const target = await volume.publish('pod', { readonly })
    await using _user = await open(target, 'r')
    await volume.expand(16 * MiB, target)
    expect(await tool('blockdev', '--getsize64', target)).toBe(`${16 * MiB}`)
  })

  it('is read-only for SINGLE_NODE_READER_ONLY', async () => {
    const capability = blockCapability('SINGLE_NODE_READER_ONLY')
    await using volume = await create(8 * MiB, capability)
    await volume.stage()
    await expect(write(await volume.publish(), 'lost')).rejects.toMatchObject({ code: 'EPERM' })
    expect(await devicesOf(volume)).toHaveLength(1)
    await expect(volume.stage(blockCapability())).rejects.toMatchObject(
      refusal('ALREADY_EXISTS', /read-only/),
    )
  })

  it('is neither deleted nor unstaged while in use', async () => {
    await using volume = await create()
    await volume.stage()
    await expect(volume.delete()).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /in use/))
    const target = await volume.publish()
    await expect(volume.delete()).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /in use/))
    await expect(volume.unstage()).rejects.toMatchObject(refusal('FAILED_PRECONDITION', new RegExp(target)))
    await write(target, 'still there')
    expect(await read(target)).toBe('still there')
  })

  it('is not blocked by a directory of a pod with the name of its device', async () => {
    await using volume = await create()
    await volume.stage()
    const [device = ''] = await volume.devices()
    const memory = await node.directory('memory')
    await tool('mount', '-t', 'tmpfs', 'none', memory)
    await using mounted = new AsyncDisposableStack()
    const unmountLater = (path: string): void => {
      mounted.defer(async () => {
        await tool('umount', path)
      })
    }
    unmountLater(memory)
    // Bound elsewhere as the kubelet does for a subPath. A container may make nodes, though not open them.
    const [directory, made] = [join(memory, basename(device)), join(memory, 'nodes', basename(device))]
    await mkdir(directory)
    await mkdir(dirname(made))
    await tool('mknod', made, 'b', '7', basename(device).slice('loop'.length))
    await writeFile(join(node.path, 'sub-path-node'), '')
    for (const [source, target] of [
      [directory, await node.directory('sub-path')],
      [made, join(node.path, 'sub-path-node')],
    ] as const) {
      await tool('mount', '--bind', source, target)
      unmountLater(target)
    }
    await volume.publish()
    await volume.unpublish()
    await volume.unstage()
    await volume.delete()
  })

  it('keeps its device for its pod when its image is removed and the driver restarts', async () => {
    const volume = await create()
    await volume.stage()
    await volume.publish()
    const [device = ''] = await volume.devices()
    // The kubelet has one on top.
    await tool('losetup', '--find', device)
    await rm(volume.image)
    await node.crash()
    const { devices } = await node.left()
    expect(devices.map((line) => line.split(' ')[0])).toContain(device)
    await expect(volume.unstage()).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /mounted at/))
    await volume.unpublish()
    await volume.unstage()
    expect((await node.left()).devices).toEqual([])
    await rm(volume.directory, { recursive: true })
  })

  it('fails as in use when a process has it open at unpublish', async () => {
    await using volume = await create()
    await volume.stage()
    await using held = await open(await volume.publish(), 'r')
    await expect(volume.unpublish()).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /in use|busy/))
    await held.close()
  })

  it('does not vanish later when it is staged again while an unstage waited for the last user', async () => {
    await using volume = await create()
    await volume.stage()
    const [device = ''] = await volume.devices()
    await using held = await open(device, 'r')
    await expect(volume.unstage({ deadline: Date.now() + 300 })).rejects.toThrow()
    const isStaged = await volume.stage().then(
      () => true,
      () => false,
    )
    await held.close()
    expect(await volume.devices()).toEqual(isStaged ? [device] : [])
  })

  it('has the requested size, from one page to far more than the disk has', async () => {
    await using small = await create(4096)
    await small.stage()
    expect(await tool('blockdev', '--getsize64', await small.publish())).toBe('4096')
    await using odd = await create(10 * MiB + 1)
    expect((await stat(odd.image)).size).toBe(10 * MiB + 4096)
    await using large = await create(10 * GiB)
    await large.stage()
    expect(await tool('blockdev', '--getsize64', await large.publish())).toBe(`${10 * GiB}`)
  })

  it('is visible to its users at a target that was a file before', async () => {
    await using volume = await create()
    await volume.stage()
    await writeFile(volume.target(), '')
    expect((await stat(await volume.publish())).isBlockDevice()).toBe(true)
  })

  /** The volume's device and those on top of it. */
  async function devicesOf(volume: TestVolume): Promise<string[]> {
    const [own] = await volume.devices()
    const { devices } = await node.left()
    return devices.filter((line) => line.endsWith(` ${volume.image}`) || line.endsWith(` ${own}`))
  }
})

async function write(path: string, text: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.write(text)
  await file.sync()
}

async function read(path: string): Promise<string> {
  await using file = await open(path, 'r')
  const { buffer } = await file.read(Buffer.alloc(64), 0, 64, 0)
  return buffer.toString().replace(/\0.*/, '')
}
