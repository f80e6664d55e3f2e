import { closeSync, openSync } from 'node:fs'
import { constants, open, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { LinuxMounts } from '../../src/linux/mount/mounts.ts'
import { fsTypes } from '../../src/volumes/model/ports/file-systems.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { eventually } from '../support/eventually.ts'
import { allocated } from '../support/images.ts'
import { openOn } from '../support/open-filesystem.ts'
import { tool } from '../tool.ts'

const MIB = 1 << 20

/** More than libuv has: at most 1024 (UV_THREADPOOL_SIZE), and here what main.ts asks for, or its default. */
const THREADS = 80

describeRoot('LinuxMounts', () => {
  const mounts = new LinuxMounts()
  let scratch: Scratch
  let mountPoint: string
  let image: string
  let device: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    mountPoint = await scratch.directory('mnt')
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
  })

  async function mountNew(type: string): Promise<void> {
    device = await scratch.device(1n << 30n)
    image = scratch.imageOf(device)
    await tool(`mkfs.${type}`, '-q', device)
    await tool('mount', device, mountPoint)
  }

  describe.each(fsTypes)('%s', (type) => {
    beforeEach(() => mountNew(type))

    it('is not opened when its device is attached under another name', async () => {
      const loop = { number: Number(device.slice('/dev/loop'.length)), path: device }
      expect(await mounts.openFileSystem(loop, 'another')).toBeUndefined()
      await using opened = await mounts.openFileSystem(loop, image.slice(0, 63))
      expect(opened?.place).toBe(mountPoint)
    })

    it('suspends writes until it is thawed', async () => {
      await using fileSystem = await openOn(device)
      await fileSystem.freeze()
      const written = writeFile(join(mountPoint, 'file'), 'text').then(() => 'written')
      expect(await Promise.race([written, setTimeout(200, 'waiting')])).toBe('waiting')
      expect(await fileSystem.thaw()).toBe(true)
      expect(await written).toBe('written')
    })

    it('has all data in its image while it is frozen', async () => {
      await writeFile(join(mountPoint, 'file'), Buffer.alloc(5 * MIB, 7))
      {
        await using fileSystem = await openOn(device)
        await fileSystem.freeze()
        await tool('cp', '--sparse=always', image, `${image}-copy`)
        await fileSystem.thaw()
      }
      await tool('umount', mountPoint)
      const copy = await scratch.attach(`${image}-copy`)
      await tool('mount', copy, mountPoint)
      expect((await stat(join(mountPoint, 'file'))).size).toBe(5 * MIB)
    })

    it('counts what is written as used, also what is in memory only', async () => {
      await using fileSystem = await openOn(device)
      const before = await fileSystem.usedBytes()
      await writeFile(join(mountPoint, 'file'), Buffer.alloc(5 * MIB, 7))
      expect((await fileSystem.usedBytes()) - before).toBeGreaterThanOrEqual(5n << 20n)
    })

    it('punches holes into the image for deleted files', async () => {
      const file = join(mountPoint, 'file')
      await writeFile(file, Buffer.alloc(100 * MIB, 7))
      await using fileSystem = await openOn(device)
      await fileSystem.flush()
      const full = await allocated(image)
      await tool('rm', file)
      // xfs frees them in the background, soon.
      await eventually('they are given back', async () => {
        await fileSystem.flush()
        expect((await mounts.trim(mountPoint, 0n)).trimmedBytes).toBeGreaterThan(100n << 20n)
        expect(await allocated(image)).toBeLessThan(full - 90 * MIB)
      })
    })

    it('flushes all data', async () => {
      await writeFile(join(mountPoint, 'file'), Buffer.alloc(20 * MIB, 7))
      await using fileSystem = await openOn(device)
      await fileSystem.flush()
      expect(await allocated(image)).toBeGreaterThan(20 * MIB)
    })
  })

  describe.each(fsTypes)('a frozen %s', (type) => {
    beforeEach(() => mountNew(type))

    /** Waits as long as it is frozen; the open file outlives the mount. */
    function writeTo(file: FileHandle): Promise<string> {
      return file
        .write('text')
        .then(() => file.sync())
        .then(() => 'written')
    }

    const openFile = (): Promise<FileHandle> => open(join(mountPoint, 'file'), 'w')

    it('is thawed by its freezer although it was unmounted lazily meanwhile', async () => {
      await using file = await openFile()
      await using fileSystem = await openOn(device)
      await fileSystem.freeze()
      const written = writeTo(file)
      await tool('umount', '--lazy', mountPoint)
      expect(await fileSystem.thaw()).toBe(true)
      expect(await written).toBe('written')
    })

    it('is thawed by another process although no path leads to it', async () => {
      await using file = await openFile()
      await tool('fsfreeze', '--freeze', mountPoint)
      const written = writeTo(file)
      await tool('umount', '--lazy', mountPoint)
      await using fileSystem = await openOn(device)
      expect(fileSystem.place).toBe(device)
      expect(await fileSystem.thaw()).toBe(true)
      expect(await written).toBe('written')
    })

    it('is thawed although it is no longer in use, which detaches the device', async () => {
      await tool('fsfreeze', '--freeze', mountPoint)
      await tool('umount', '--lazy', mountPoint)
      {
        await using fileSystem = await openOn(device)
        expect(await fileSystem.thaw()).toBe(true)
      }
      await eventually('the device is free', () => tool('losetup', '--detach', device))
    })

    it('is the one on the device, not what is mounted over it', async () => {
      await tool('mount', '-t', 'tmpfs', 'over', mountPoint)
      await using fileSystem = await openOn(device)
      await fileSystem.freeze()
      await writeFile(join(mountPoint, 'file'), 'of the one above, which is not frozen')
      await expect(fileSystem.freeze()).rejects.toMatchObject({ code: 'EBUSY' })
      expect(await fileSystem.thaw()).toBe(true)
    })

    it('is found by another mount of it where one is covered', async () => {
      const other = await scratch.directory('other')
      await tool('mount', '--bind', mountPoint, other)
      await tool('mount', '-t', 'tmpfs', 'over', mountPoint)
      await using fileSystem = await openOn(device)
      expect(fileSystem.place).toBe(other)
    })
  })

  it('thaws although all threads of libuv are held by calls that do not return', async () => {
    await mountNew('ext4')
    const pipe = join(scratch.path, 'pipe')
    await tool('mkfifo', pipe)
    await using fileSystem = await openOn(device)
    await fileSystem.freeze()
    // Opening for writing waits for a reader.
    const held = Array.from({ length: THREADS }, () => open(pipe, 'w'))
    expect(await fileSystem.thaw()).toBe(true)
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
    for (const writer of await Promise.all(held)) await writer.close()
    closeSync(reader)
  })

  it('freezes a btrfs of which only a subvolume is mounted', async () => {
    await mountNew('btrfs')
    await tool('btrfs', 'subvolume', 'create', join(mountPoint, 'part'))
    await tool('umount', mountPoint)
    await tool('mount', '-o', 'subvol=part', device, mountPoint)
    await using fileSystem = await openOn(device)
    await fileSystem.freeze()
    expect(fileSystem.place).toBe(mountPoint)
    const written = writeFile(join(mountPoint, 'file'), 'text').then(() => 'written')
    expect(await Promise.race([written, setTimeout(200, 'waiting')])).toBe('waiting')
    expect(await fileSystem.thaw()).toBe(true)
    expect(await written).toBe('written')
  })

  it('finds none on a device that is exclusively open by something else', async () => {
    device = await scratch.device(16n << 20n)
    await using _held = await open(device, constants.O_RDONLY | constants.O_EXCL)
    await expect(openOn(device)).rejects.toThrow('no file system is alive')
  })

  it('trims nothing where the file system below the image cannot make holes', async () => {
    const below = await scratch.directory('below')
    await tool('mount', '-t', 'ramfs', 'none', below)
    await writeFile(join(below, 'image'), Buffer.alloc(16 * MIB))
    const device = await scratch.attach(join(below, 'image'))
    await tool('mkfs.ext4', '-q', device)
    await tool('mount', device, mountPoint)
    expect(await mounts.trim(mountPoint, 0n)).toEqual({ trimmedBytes: 0n, next: undefined })
  })
})
