import { randomInt } from 'node:crypto'
import { open, stat, truncate } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { LinuxFileSystems } from '../../src/linux/filesystems/index.ts'
import { debianPackages, typeByMagic } from '../../src/linux/filesystems/types.ts'
import { LinuxMounts } from '../../src/linux/mount/mounts.ts'
import { CommandError } from '../../src/linux/process/command-error.ts'
import { VolumeError } from '../../src/volumes/model/errors.ts'
import { fsTypes, type FsType } from '../../src/volumes/model/ports/file-systems.ts'
import { describeRoot, hasResourceCapability } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { tool } from '../tool.ts'

const MIB = 1n << 20n
const GIB = 1n << 30n

describeRoot('LinuxFileSystems', () => {
  const { signal } = new AbortController()
  const fileSystems = new LinuxFileSystems()
  const mounts = new LinuxMounts()
  let scratch: Scratch

  beforeEach(async () => {
    scratch = await Scratch.make()
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
  })

  async function formatted(type: FsType, sizeBytes: bigint, ...options: string[]): Promise<string> {
    const device = await scratch.device(sizeBytes)
    await fileSystems.format(type, device, options, signal)
    return device
  }

  async function mounted(device: string, type: FsType, name = 'mnt'): Promise<string> {
    const target = await scratch.directory(name)
    await mounts.mount({ source: device, target, fsType: type, options: fileSystems.mountOptions(type) })
    return target
  }

  async function write(device: string, position: number, bytes: Buffer): Promise<void> {
    await using handle = await open(device, 'r+')
    await handle.write(bytes, 0, bytes.length, position)
    await handle.sync()
  }

  describe('probe', () => {
    it('finds a partition table', async () => {
      const device = await scratch.device(16n * MIB)
      // An MBR with one Linux partition of 8 MiB that begins at sector 2,048.
      const mbr = Buffer.alloc(512)
      mbr[450] = 0x83
      mbr.writeUInt32LE(2048, 454)
      mbr.writeUInt32LE(16384, 458)
      mbr.writeUInt16LE(0xaa55, 510)
      await write(device, 0, mbr)
      expect(await fileSystems.probe(device, signal)).toEqual({
        type: undefined,
        partitionTable: 'dos',
        uuid: undefined,
        unfinished: false,
      })
    })

    it('recognizes content that is not a file system', async () => {
      const device = await scratch.device(16n * MIB)
      await tool('mkswap', device)
      expect(await fileSystems.probe(device, signal)).toMatchObject({ type: 'swap' })
    })

    it('fails where two file systems claim the device', async () => {
      const device = await formatted('xfs', 300n * MIB)
      const ext4 = await formatted('ext4', 300n * MIB)
      await tool('dd', `if=${ext4}`, `of=${device}`, 'bs=1024', 'skip=1', 'seek=1', 'count=1', 'conv=notrunc')
      await expect(fileSystems.probe(device, signal)).rejects.toMatchObject({ kind: 'failed-precondition' })
    })

    it.each(['/dev/null', '/dev'])('fails for %s, where blkid reports a blank device', async (path) => {
      await expect(fileSystems.probe(path, signal)).rejects.toThrow('neither a block device nor a file')
    })

    it('fails for a device with a truncated image, where blkid reports a blank device', async () => {
      const device = await scratch.device(16n * MIB)
      await truncate(scratch.imageOf(device), Number(8n * MIB))
      await expect(fileSystems.probe(device, signal)).rejects.toMatchObject({ code: 'EIO' })
    })

    it.each(fsTypes)('recognizes the superblock of %s without blkid', async (type) => {
      await using handle = await open(await formatted(type, 300n * MIB))
      const { buffer } = await handle.read(Buffer.alloc(1 << 20), 0, 1 << 20, 0)
      expect(typeByMagic(buffer)).toBe(type)
      expect(typeByMagic(Buffer.alloc(1 << 20))).toBeUndefined()
    })

    it('reads an image as well as a device', async () => {
      const device = await formatted('ext4', 16n * MIB)
      expect(await fileSystems.probe(scratch.imageOf(device), signal)).toMatchObject({ type: 'ext4' })
    })
  })

  describe('format', () => {
    it.each(fsTypes)('can be killed at any time and repeated: %s', async (type) => {
      for (let round = 0; round < 12; round++) {
        const device = await scratch.device(10n * GIB)
        const aborting = new AbortController()
        const formatting = fileSystems.format(type, device, [], aborting.signal).catch(() => undefined)
        await setTimeout(randomInt(15))
        aborting.abort()
        await formatting
        const found = await fileSystems.probe(device, signal)
        // Either blank, or marked as unfinished, or complete: nothing in between is taken for a file system.
        if (found.type === undefined || found.unfinished) await fileSystems.format(type, device, [], signal)
        expect(await fileSystems.probe(device, signal)).toMatchObject({ type, unfinished: false })
        await mounts.unmount(await mounted(device, type))
        if (type === 'ext4') await tool('e2fsck', '-f', '-n', device)
      }
    })

    it('sees the mark of an unfinished xfs, and only there forces mkfs.xfs', async () => {
      const device = await formatted('xfs', 300n * MIB)
      await expect(fileSystems.format('xfs', device, [], signal)).rejects.toThrow('existing filesystem')
      await write(device, 126, Buffer.from([1]))
      expect(await fileSystems.probe(device, signal)).toMatchObject({ type: 'xfs', unfinished: true })
      await fileSystems.format('xfs', device, [], signal)
      expect(await fileSystems.probe(device, signal)).toMatchObject({ type: 'xfs', unfinished: false })
    })

    it.each(fsTypes)("gives the user's options precedence: %s", async (type) => {
      const device = await formatted(type, GIB, '-L', 'mine')
      expect(await tool('blkid', '-p', '-s', 'LABEL', '-o', 'value', device)).toBe('mine')
    })

    it("merges the user's extended options with its own, so that a thick image stays allocated", async () => {
      const device = await scratch.device(64n * MIB)
      const image = scratch.imageOf(device)
      await tool('fallocate', '--length', `${64n * MIB}`, image)
      const { blocks } = await stat(image)
      await fileSystems.format('ext4', device, ['-E', 'stride=16'], signal)
      expect((await stat(image)).blocks).toBeGreaterThanOrEqual(blocks)
      expect(await tool('dumpe2fs', '-h', device)).toMatch(/RAID stride: +16/)
    })

    it.each(fsTypes)('leaves a thin image of 10 GiB thin: %s', async (type) => {
      const device = await formatted(type, 10n * GIB)
      // A new xfs has a log of 64 MiB, which mkfs.xfs allocates.
      const limit = type === 'xfs' ? 80n * MIB : 8n * MIB
      expect(BigInt((await stat(scratch.imageOf(device))).blocks) * 512n).toBeLessThan(limit)
    })
  })

  describe('check of an ext4', () => {
    const debugfs = (device: string, request: string) => tool('debugfs', '-w', '-R', request, device)

    it('repairs what is safe to repair', async () => {
      const device = await formatted('ext4', 16n * MIB)
      await debugfs(device, 'set_super_value free_inodes_count 1')
      await debugfs(device, 'set_super_value state 2')
      await fileSystems.check('ext4', device, signal)
      await tool('e2fsck', '-f', '-n', device)
    })

    it('fails when a manual repair is needed', async () => {
      const device = await formatted('ext4', 16n * MIB)
      await debugfs(device, 'clri <2>')
      await debugfs(device, 'set_super_value state 2')
      const checking = fileSystems.check('ext4', device, signal)
      await expect(checking).rejects.toBeInstanceOf(VolumeError)
      await expect(checking).rejects.toMatchObject({ kind: 'failed-precondition' })
    })

    it('fails when e2fsck cannot work', async () => {
      const device = await scratch.device(16n * MIB)
      const checking = fileSystems.check('ext4', device, signal)
      await expect(checking).rejects.toBeInstanceOf(CommandError)
      await expect(checking).rejects.toMatchObject({ exitCode: 8 })
    })
  })

  describe('growth of what was unmounted lazily', () => {
    it.each(fsTypes)('leaves another file system at its path as it is: %s', async (type) => {
      const bytes = fileSystems.minimumBytes(type)
      const [device, other] = [await formatted(type, bytes), await formatted(type, bytes)]
      const mountPoint = await mounted(device, type)
      await using _inUse = await open(mountPoint)
      await scratch.enlarge(device, 2n * bytes)
      await tool('umount', '--lazy', mountPoint)
      await mounted(other, type)
      await scratch.enlarge(other, 2n * bytes)
      const growing = fileSystems.grow(type, device, mountPoint, signal)
      await expect(growing).rejects.toMatchObject({ kind: 'aborted' })
      await tool('umount', mountPoint)
      expect(await fileSystems.hasRoomToGrow(type, other)).toBe(true)
    })
  })

  describe('growth of an ext4', () => {
    it('works while mounted, or says which capability it needs', async () => {
      const device = await formatted('ext4', 64n * MIB)
      const mountPoint = await mounted(device, 'ext4')
      await scratch.enlarge(device, 100n * GIB)
      const growing = fileSystems.grow('ext4', device, mountPoint, signal)
      if (hasResourceCapability()) await growing
      else await expect(growing).rejects.toThrow('CAP_SYS_RESOURCE')
    })

    it('has room for its group descriptors, without which resize2fs would destroy it', async () => {
      const device = await formatted('ext4', 64n * MIB)
      await scratch.enlarge(device, 100n * GIB)
      await tool('resize2fs', device)
      await tool('e2fsck', '-f', '-n', device)
      expect(await tool('dumpe2fs', '-h', device)).toContain('resize_inode')
    })
  })

  it('mounts a copy of an xfs beside its source', async () => {
    const device = await formatted('xfs', 300n * MIB)
    const image = scratch.imageOf(device)
    await tool('cp', '--sparse=always', image, `${image}-copy`)
    await mounted(device, 'xfs', 'source')
    await mounted(await scratch.attach(`${image}-copy`), 'xfs', 'copy')
  })

  it.each([...debianPackages])('names the right package of %s: %s', async (command, name) => {
    expect(await tool('dpkg-query', '--search', `*bin/${command}`)).toMatch(
      new RegExp(`^${name}: .*bin/${command}$`, 'm'),
    )
  })
})
