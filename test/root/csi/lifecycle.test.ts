import { open, readdir, readFile, stat, statfs, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { describeRoot, hasResourceCapability } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { refusal } from '../../support/refusal.ts'
import { withStub } from '../../support/stub.ts'
import { useTestNode } from '../../support/use-test-node.ts'
import { MiB, mountCapability, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

const sizes: Record<FsType, number> = { ext4: 64 * MiB, xfs: 320 * MiB, btrfs: 256 * MiB }
const fsTypes = Object.keys(sizes) as FsType[]

describeRoot('a mount volume', () => {
  let node: TestNode
  useTestNode((started) => {
    node = started
  })

  let volumes = 0
  const name = (): string => `data-${++volumes}`

  const volumeOf = (fsType: FsType, parameters: Record<string, string> = {}): TestVolume =>
    new TestVolume(node, name(), { capability: mountCapability(fsType), bytes: sizes[fsType], parameters })

  describe.each(fsTypes)('with %s', (fsType) => {
    it('lives from create to delete and keeps its data', async () => {
      await using volume = await volumeOf(fsType).create()
      await volume.stage()
      const target = await volume.publish()
      await writeFile(join(target, 'note'), 'kept')
      expect(await mountOf(target)).toMatchObject({ fstype: fsType })
      expect(await mountOf(target)).toMatchObject({ source: (await volume.devices())[0] })

      const { usage } = await node.client.node.nodeGetVolumeStats({
        volumeId: volume.id,
        volumePath: target,
      })
      const { blocks, bsize, files } = await statfs(target)
      expect(usage).toMatchObject([
        { unit: 'BYTES', total: `${blocks * bsize}` },
        { unit: 'INODES', total: `${files}` },
      ])

      await volume.unpublish()
      const readOnly = await volume.publish('reader', { readonly: true })
      await expect(writeFile(join(readOnly, 'note'), 'lost')).rejects.toMatchObject({ code: 'EROFS' })
      expect(await readFile(join(readOnly, 'note'), 'utf8')).toBe('kept')
      await volume.unpublish('reader')
      await expect(stat(readOnly)).rejects.toMatchObject({ code: 'ENOENT' })
      await volume.unstage()
      expect(await volume.devices()).toEqual([])

      await volume.stage()
      expect(await readFile(join(volume.staging, 'note'), 'utf8')).toBe('kept')
      await volume.unstage()
      await volume.delete()
      await expect(stat(volume.directory)).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('works at the smallest size that is offered', async () => {
      const capability = mountCapability(fsType)
      const { minimumVolumeSize } = await node.client.controller.getCapacity({
        volumeCapabilities: [capability],
      })
      const bytes = Number(minimumVolumeSize?.value)
      await using volume = await new TestVolume(node, name(), { capability, bytes }).create()
      await volume.stage()
      await writeFile(join(volume.staging, 'note'), 'kept')
      await volume.unstage()
      await volume.stage()
      expect(await readFile(join(volume.staging, 'note'), 'utf8')).toBe('kept')
    })

    it('holds no more than its size', async () => {
      await using volume = await volumeOf(fsType).create()
      await volume.stage()
      const written = await fill(join(volume.staging, 'big'))
      expect(written).toBeGreaterThan(sizes[fsType] / 2)
      expect(written).toBeLessThanOrEqual(sizes[fsType])
    })

    const canGrow = fsType !== 'ext4' || hasResourceCapability()

    if (canGrow) {
      it('grows while a file is open', async () => {
        await using volume = await volumeOf(fsType).create()
        await volume.stage()
        const target = await volume.publish()
        await using file = await open(join(target, 'log'), 'w+')
        await file.write('before ')
        await volume.expand(2 * sizes[fsType], target)
        await file.write('after')
        expect(await readFile(join(target, 'log'), 'utf8')).toBe('before after')
        const { blocks, bsize } = await statfs(target)
        expect(blocks * bsize).toBeGreaterThan(1.6 * sizes[fsType])
        expect((await stat(volume.image)).size).toBe(2 * sizes[fsType])
      })

      it('grows through a path where it is read-only, by the mount where it is not', async () => {
        const capability = mountCapability(fsType, { mode: 'SINGLE_NODE_MULTI_WRITER' })
        await using volume = await new TestVolume(node, name(), { capability, bytes: sizes[fsType] }).create()
        await volume.stage()
        const target = await volume.publish('reader', { readonly: true })
        await volume.expand(2 * sizes[fsType], target)
        const { blocks, bsize } = await statfs(target)
        expect(blocks * bsize).toBeGreaterThan(1.6 * sizes[fsType])
        await expect(writeFile(join(target, 'note'), '')).rejects.toMatchObject({ code: 'EROFS' })
      })
    } else {
      it('names the capability that growing needs where the kernel refuses', async () => {
        await using volume = await volumeOf(fsType).create()
        await volume.stage()
        await expect(volume.expand(2 * sizes[fsType], volume.staging)).rejects.toMatchObject(
          refusal('FAILED_PRECONDITION', /needs CAP_SYS_RESOURCE/),
        )
      })
    }

    it('is refused to grow while it is read-only everywhere, and grows when that ends', async () => {
      await using volume = await volumeOf(fsType).create()
      await volume.stage()
      await volume.unstage()
      await volume.stage(mountCapability(fsType, { mode: 'SINGLE_NODE_READER_ONLY' }))
      // It has this size already.
      await volume.expand(sizes[fsType], volume.staging)
      await expect(volume.expand(2 * sizes[fsType], volume.staging)).rejects.toMatchObject(
        refusal('FAILED_PRECONDITION', /is mounted read-only at .*globalmount and cannot grow/),
      )
      await volume.unstage()
      await volume.stage()
      const { blocks, bsize } = await statfs(volume.staging)
      expect(blocks * bsize).toBeGreaterThan(1.6 * sizes[fsType])
    })

    it('grows at stage when it was expanded while unused', async () => {
      await using volume = await volumeOf(fsType).create()
      await volume.stage()
      await writeFile(join(volume.staging, 'note'), 'kept')
      await volume.unstage()
      const capacityRange = { requiredBytes: 2 * sizes[fsType] }
      await node.client.controller.controllerExpandVolume({ volumeId: volume.id, capacityRange })
      await volume.stage()
      const { blocks, bsize } = await statfs(volume.staging)
      expect(blocks * bsize).toBeGreaterThan(1.6 * sizes[fsType])
      expect(await readFile(join(volume.staging, 'note'), 'utf8')).toBe('kept')
    })

    it('takes mkfsOptions', async () => {
      await using volume = await volumeOf(fsType, { mkfsOptions: '-L  mine' }).create()
      await volume.stage()
      const [device = ''] = await volume.devices()
      expect(await tool('blkid', '-p', '-o', 'value', '-s', 'LABEL', device)).toBe('mine')
    })

    it('is allocated in full when it is thick, also after mkfs and growth', async () => {
      await using volume = await volumeOf(fsType, { provisioning: 'thick' }).create()
      expect(await allocated(volume.image)).toBeGreaterThanOrEqual(sizes[fsType])
      await volume.stage()
      expect(await allocated(volume.image)).toBeGreaterThanOrEqual(sizes[fsType])
      const capacityRange = { requiredBytes: 1.5 * sizes[fsType] }
      await node.client.controller.controllerExpandVolume({ volumeId: volume.id, capacityRange })
      expect(await allocated(volume.image)).toBeGreaterThanOrEqual(1.5 * sizes[fsType])
    })

    it('allocates little when it is thin', async () => {
      await using volume = await volumeOf(fsType).create()
      expect(await allocated(volume.image)).toBe(0)
      await volume.stage()
      await tool('sync', '--file-system', volume.staging)
      expect(await allocated(volume.image)).toBeLessThan(sizes[fsType] / 2)
    })
  })

  it('is ext4 by default', async () => {
    await using volume = await new TestVolume(node, name()).create()
    await volume.stage()
    expect(await mountOf(volume.staging)).toMatchObject({ fstype: 'ext4' })
  })

  it('is refused when the parameters and the capability name different file systems', async () => {
    const volume = volumeOf('ext4', { fsType: 'xfs' })
    await expect(volume.create()).rejects.toMatchObject(refusal('INVALID_ARGUMENT', /ext4 and xfs/))
  })

  it('takes its file system from the parameters', async () => {
    await using volume = await new TestVolume(node, name(), {
      bytes: sizes.xfs,
      parameters: { fsType: 'xfs' },
    }).create()
    await volume.stage()
    expect(await mountOf(volume.staging)).toMatchObject({ fstype: 'xfs' })
  })

  it.each([
    { mountFlags: ['noatime', 'nosuid', 'nodev', 'noexec'] },
    { mountFlags: ['ro'] },
    { mountFlags: ['noatime,nodiratime', 'sync'] },
    { mountFlags: ['errors=remount-ro', 'commit=30'] },
  ])('is mounted with the flags of the capability: $mountFlags', async ({ mountFlags }) => {
    await using volume = await new TestVolume(node, name()).create()
    // What was never formatted cannot be mounted for reading alone.
    await volume.stage()
    await volume.unstage()
    await volume.stage(mountCapability('ext4', { mountFlags }))
    expect(await optionsOf(volume.staging)).toEqual(
      expect.arrayContaining(mountFlags.flatMap((flags) => flags.split(','))),
    )
    await volume.stage(mountCapability('ext4', { mountFlags }))
  })

  it('is not left mounted when its growth failed, so that the repeated call fails as well', async () => {
    await using alone = await TestNode.make()
    await alone.start({ within: await withStub(alone.path, '/usr/sbin/xfs_growfs', 'exit 1') })
    const capability = mountCapability('xfs')
    const volume = await new TestVolume(alone, 'data', { capability, bytes: sizes.xfs }).create()
    await volume.stage()
    await volume.unstage()
    await expect(volume.stage()).rejects.toMatchObject({ details: expect.stringMatching(/xfs_growfs/) })
    const mounts = await readFile(`/proc/${alone.driver.pid}/mountinfo`, 'utf8')
    expect(mounts.includes(volume.staging)).toBe(false)
    expect(await volume.devices()).toEqual([])
  })

  it.each([
    // Killed half way on an unmounted file system, nothing repairs it without a person.
    ['growth', 'resize2fs'],
    // If each call restarted it, the check of a large one would never end.
    ['check', 'e2fsck'],
  ])('is not ruined by a deadline in the middle of its %s at stage', async (_, command) => {
    await using alone = await TestNode.make()
    const stub = `grep -q "^$1 " /proc/mounts && exec "$real" "$@"
      touch ${alone.path}/began; sleep 0.5; touch ${alone.path}/ended; exec "$real" "$@"`
    await alone.start({ within: await withStub(alone.path, `/usr/sbin/${command}`, stub) })
    const volume = await new TestVolume(alone, 'data').create()
    await volume.stage()
    await volume.unstage()
    const capacityRange = { requiredBytes: 2 * sizes.ext4 }
    await alone.client.controller.controllerExpandVolume({ volumeId: volume.id, capacityRange })
    await volume.stage(undefined, { deadline: Date.now() + 300 }).catch(() => undefined)
    await volume.unstage()
    const files = await readdir(alone.path)
    expect(files.includes('ended')).toBe(files.includes('began'))
  })

  it('keeps the mount flags where it is published read-only', async () => {
    const capability = mountCapability('', { mountFlags: ['nosuid', 'nodev', 'noexec', 'noatime'] })
    await using volume = await new TestVolume(node, name(), { capability }).create()
    await volume.stage()
    const target = await volume.publish('pod', { readonly: true })
    expect(await optionsOf(target)).toEqual(
      expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec', 'noatime']),
    )
  })

  it('names the mount flags when the kernel refuses one, and leaves nothing', async () => {
    await using volume = await new TestVolume(node, name()).create()
    const staging = volume.stage(mountCapability('', { mountFlags: ['nonsense=1'] }))
    await expect(staging).rejects.toMatchObject({
      details: expect.stringMatching(/nonsense=1/),
    })
    expect(await volume.devices()).toEqual([])
    await volume.stage()
  })

  it('is read-only for SINGLE_NODE_READER_ONLY, to the last byte of its image', async () => {
    await using volume = await new TestVolume(node, name()).create()
    const capability = mountCapability('', { mode: 'SINGLE_NODE_READER_ONLY' })
    await expect(volume.stage(capability)).rejects.toMatchObject(
      refusal('FAILED_PRECONDITION', /no file system yet/),
    )
    await volume.stage()
    await writeFile(join(volume.staging, 'note'), 'kept')
    await volume.unstage()
    const before = await tool('sha256sum', volume.image)

    await volume.stage(capability)
    const target = await volume.publish('pod', { capability })
    expect(await optionsOf(target)).toContain('ro')
    await expect(writeFile(join(target, 'new'), '')).rejects.toMatchObject({ code: 'EROFS' })
    expect(await readFile(join(target, 'note'), 'utf8')).toBe('kept')
    await volume.unpublish()
    await volume.unstage()
    expect(await tool('sha256sum', volume.image)).toBe(before)
  })

  it('is repaired before it is mounted when that is safe', async () => {
    await using volume = await volumeOf('ext4').create()
    await volume.stage()
    await writeFile(join(volume.staging, 'note'), 'kept')
    await volume.unstage()
    await debugfs(volume.image, 'set_inode_field note links_count 5', 'set_super_value state 2')
    await expect(tool('e2fsck', '-fn', volume.image)).rejects.toMatchObject({ code: 4 })
    await volume.stage()
    expect(await readFile(join(volume.staging, 'note'), 'utf8')).toBe('kept')
    await volume.unstage()
    await tool('e2fsck', '-fn', volume.image)
  })

  it('is refused, and left unchanged, when it needs a manual repair', async () => {
    await using volume = await volumeOf('ext4').create()
    await volume.stage()
    await volume.unstage()
    await debugfs(volume.image, 'clri <2>', 'set_super_value state 2')
    await expect(volume.stage()).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /run e2fsck on it/))
    expect(await volume.devices()).toEqual([])
  })

  it('is refused when its image was truncated externally', async () => {
    await using alone = await TestNode.start()
    const volume = await new TestVolume(alone, 'data').create()
    await volume.stage()
    await volume.unstage()
    await truncate(volume.image, 8 * MiB)
    await expect(volume.stage()).rejects.toMatchObject({ details: expect.stringMatching(/./) })
    expect(await volume.devices()).toEqual([])
    await alone.crash()
    await expect(volume.stage()).rejects.toMatchObject(
      refusal('FAILED_PRECONDITION', /the image has 8388608 bytes, the record says 33554432/),
    )
  })
})

/** Writes until the disk is full. @returns the bytes that went in */
async function fill(path: string): Promise<number> {
  const chunk = Buffer.alloc(4 * MiB, 'x')
  let written = 0
  await using file = await open(path, 'w')
  try {
    for (;;) written += (await file.write(chunk)).bytesWritten
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
    return written
  }
}

async function allocated(path: string): Promise<number> {
  return (await stat(path)).blocks * 512
}

async function mountOf(path: string): Promise<{ source: string; fstype: string; options: string }> {
  const json = await tool('findmnt', '--json', '--mountpoint', path)
  const { filesystems } = JSON.parse(json) as {
    filesystems: [{ source: string; fstype: string; options: string }]
  }
  return filesystems[0]
}

async function optionsOf(path: string): Promise<string[]> {
  return (await mountOf(path)).options.split(',')
}

async function debugfs(image: string, ...commands: string[]): Promise<void> {
  for (const command of commands) await tool('debugfs', '-w', '-R', command, image)
}
