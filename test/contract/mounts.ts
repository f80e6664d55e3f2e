import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { LoopDevice } from '../../src/volumes/model/ports/loop-devices.ts'
import type { Mounts, OpenFileSystem } from '../../src/volumes/model/ports/mounts.ts'

/** What the suite needs of its subject's world. */
export interface MountsWorld extends AsyncDisposable {
  readonly mounts: Mounts
  /** An empty directory of the real file system; its path has no symbolic links. */
  readonly directory: string
  /** A device with an ext4 on it. */
  readonly device: string
  /** The same device, as a loop device. */
  readonly loop: LoopDevice
  /** Makes the mount at the path busy until disposed. */
  use(target: string): Promise<AsyncDisposable>
}

/** What every implementation of the Mounts port must do. */
export function describeMounts(name: string, makeWorld: () => Promise<MountsWorld>): void {
  describe(`${name} as Mounts`, () => {
    let world: MountsWorld
    let mounts: Mounts
    let target: string
    let elsewhere: string

    beforeEach(async () => {
      world = await makeWorld()
      mounts = world.mounts
      target = join(world.directory, 'target')
      elsewhere = join(world.directory, 'else where')
      await mkdir(target)
      await mkdir(elsewhere)
    })

    afterEach(async () => {
      await world[Symbol.asyncDispose]()
    })

    const mountDevice = (options: string[] = [], at = target) =>
      mounts.mount({ source: world.device, target: at, fsType: 'ext4', options })

    describe('at', () => {
      it('finds nothing at a directory, an absent path, or below a file', async () => {
        const file = join(world.directory, 'file')
        await writeFile(file, '')
        expect(await mounts.at(target)).toBeUndefined()
        expect(await mounts.at(file)).toBeUndefined()
        expect(await mounts.at(join(world.directory, 'absent', 'too'))).toBeUndefined()
        expect(await mounts.at(join(file, 'below'))).toBeUndefined()
      })

      it('finds the root', async () => {
        expect(await mounts.at('/')).toMatchObject({ target: '/' })
      })

      it('finds nothing at a directory inside a mount', async () => {
        await mountDevice()
        await mkdir(join(target, 'inside'))
        expect(await mounts.at(join(target, 'inside'))).toBeUndefined()
      })

      it('resolves symbolic links of the parent, but not one at the end', async () => {
        await mountDevice()
        await symlink(world.directory, join(elsewhere, 'parent'))
        await symlink(target, join(elsewhere, 'end'))
        expect(await mounts.at(join(elsewhere, 'parent', 'target'))).toMatchObject({ target })
        expect(await mounts.at(join(elsewhere, 'end'))).toBeUndefined()
      })
    })

    describe('mount', () => {
      it('is returned by at and by list', async () => {
        await mountDevice()
        const entry = await mounts.at(target)
        expect(entry).toMatchObject({
          target,
          source: world.device,
          fsType: 'ext4',
          root: '/',
          readOnly: false,
        })
        expect(await mounts.list()).toContainEqual(entry)
      })

      it('takes flags', async () => {
        await mountDevice(['ro', 'nosuid', 'noatime'])
        const entry = await mounts.at(target)
        expect(entry?.readOnly).toBe(true)
        expect(entry?.options).toEqual(expect.arrayContaining(['ro', 'nosuid', 'noatime']))
      })

      it('fails at an absent target', async () => {
        await expect(mountDevice([], join(target, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' })
      })

      it('lies over an earlier one at the same path until it is unmounted', async () => {
        await mountDevice()
        await mounts.bind(elsewhere, target, { readOnly: false })
        expect((await mounts.at(target))?.root).toContain('else where')
        await mounts.unmount(target)
        expect(await mounts.at(target)).toMatchObject({ source: world.device, root: '/' })
        await mounts.unmount(target)
        expect(await mounts.at(target)).toBeUndefined()
      })
    })

    describe('bind', () => {
      it('binds a directory of a mount at another path', async () => {
        await mountDevice()
        await mkdir(join(target, 'inside'))
        await mounts.bind(join(target, 'inside'), elsewhere, { readOnly: false })
        expect(await mounts.at(elsewhere)).toMatchObject({
          target: elsewhere,
          source: world.device,
          fsType: 'ext4',
          root: '/inside',
          readOnly: false,
        })
      })

      it('can be read-only where its source is not, and keeps the flags of its source', async () => {
        const kept = ['nosuid', 'nodev', 'noexec', 'noatime']
        await mountDevice(kept)
        await mounts.bind(target, elsewhere, { readOnly: true })
        const bound = await mounts.at(elsewhere)
        expect(bound?.readOnly).toBe(true)
        expect(bound?.options).toEqual(expect.arrayContaining(kept))
        expect((await mounts.at(target))?.readOnly).toBe(false)
      })

      it('is read-only where its source is', async () => {
        await mountDevice(['ro'])
        await mounts.bind(target, elsewhere, { readOnly: false })
        expect((await mounts.at(elsewhere))?.readOnly).toBe(true)
      })

      it('remains after the mount that it came from', async () => {
        await mountDevice()
        await mounts.bind(target, elsewhere, { readOnly: false })
        await mounts.unmount(target)
        expect(await mounts.at(elsewhere)).toMatchObject({ source: world.device })
      })

      it('binds a file at a file', async () => {
        const [from, to] = [join(world.directory, 'from'), join(world.directory, 'to')]
        await writeFile(from, '')
        await writeFile(to, '')
        await mounts.bind(from, to, { readOnly: true })
        expect(await mounts.at(to)).toMatchObject({ target: to, readOnly: true })
      })

      it('fails for a file at a directory, and for an absent source', async () => {
        const file = join(world.directory, 'file')
        await writeFile(file, '')
        await expect(mounts.bind(file, target, { readOnly: false })).rejects.toMatchObject({
          code: 'ENOTDIR',
        })
        await rm(file)
        await expect(mounts.bind(file, target, { readOnly: false })).rejects.toMatchObject({ code: 'ENOENT' })
      })
    })

    describe('the loop device of a mount', () => {
      const numberOf = (device: string) => Number(/\d+$/.exec(device)?.[0])

      it('is known at each mount of its file system, independent of directory names in it', async () => {
        const number = numberOf(world.device)
        await mountDevice()
        await mkdir(join(target, 'loop7'))
        await mounts.bind(join(target, 'loop7'), elsewhere, { readOnly: true })
        expect(await mounts.at(target)).toMatchObject({ loop: { number, as: 'file system' } })
        expect(await mounts.at(elsewhere)).toMatchObject({
          root: '/loop7',
          loop: { number, as: 'file system' },
        })
      })

      it('is known where its device node is bind-mounted', async () => {
        const file = join(world.directory, 'file')
        await writeFile(file, '')
        await mounts.bind(world.device, file, { readOnly: false })
        const entry = await mounts.at(file)
        expect(entry?.loop).toEqual({ number: numberOf(world.device), as: 'node' })
        expect(await mounts.list()).toContainEqual(entry)
      })

      it('is none where a file or directory only has the name of one', async () => {
        const [directory, file] = [join(world.directory, 'loop7'), join(elsewhere, 'loop7')]
        await mkdir(directory)
        await writeFile(file, '')
        await mounts.bind(directory, target, { readOnly: false })
        await mounts.bind(file, file, { readOnly: false })
        expect((await mounts.at(target))?.loop).toBeUndefined()
        expect((await mounts.at(file))?.loop).toBeUndefined()
        expect((await mounts.at('/'))?.loop).toBeUndefined()
      })
    })

    describe('makePrivate', () => {
      it('keeps the mount where it is', async () => {
        await mountDevice()
        const before = await mounts.at(target)
        await mounts.makePrivate(target)
        expect(await mounts.at(target)).toEqual(before)
      })

      it('fails where nothing is mounted', async () => {
        await expect(mounts.makePrivate(target)).rejects.toMatchObject({ code: 'EINVAL' })
      })
    })

    describe('unmount', () => {
      it('does nothing where nothing is mounted', async () => {
        await mounts.unmount(target)
        await mounts.unmount(join(target, 'absent', 'too'))
        await mountDevice()
        await mounts.unmount(target)
        await mounts.unmount(target)
        expect(await mounts.at(target)).toBeUndefined()
      })

      it('does not follow a symbolic link', async () => {
        await mountDevice()
        await symlink(target, join(elsewhere, 'link'))
        await mounts.unmount(join(elsewhere, 'link'))
        expect(await mounts.at(target)).toBeDefined()
      })

      it('fails with EBUSY while the mount is in use, and works thereafter', async () => {
        await mountDevice()
        {
          await using _ = await world.use(target)
          await expect(mounts.unmount(target)).rejects.toMatchObject({ code: 'EBUSY' })
          expect(await mounts.at(target)).toBeDefined()
        }
        await mounts.unmount(target)
        expect(await mounts.at(target)).toBeUndefined()
      })
    })

    describe('an open file system', () => {
      const open = async (): Promise<OpenFileSystem> => {
        const opened = await mounts.openFileSystem(world.loop)
        if (!opened) throw new Error('there is none')
        return opened
      }

      it('is none while nothing is mounted', async () => {
        expect(await mounts.openFileSystem(world.loop)).toBeUndefined()
      })

      it('is frozen once and thawed once by several openers', async () => {
        await mountDevice()
        await using fileSystem = await open()
        expect(fileSystem.place).toBe(target)
        await fileSystem.freeze()
        await using other = await open()
        await expect(other.freeze()).rejects.toMatchObject({ code: 'EBUSY' })
        expect(await other.thaw()).toBe(true)
        expect(await fileSystem.thaw()).toBe(false)
      })

      it('is found where only a directory of it is mounted', async () => {
        await mountDevice()
        await mkdir(join(target, 'inside'))
        await mounts.bind(join(target, 'inside'), elsewhere, { readOnly: true })
        await mounts.unmount(target)
        await using fileSystem = await open()
        expect(fileSystem.place).toBe(elsewhere)
        await fileSystem.freeze()
        expect(await fileSystem.thaw()).toBe(true)
      })

      it('flushes', async () => {
        await mountDevice()
        await using fileSystem = await open()
        await fileSystem.flush()
      })
    })

    it('trims only what is mounted at the path itself', async () => {
      await expect(mounts.trim(target, 0n)).rejects.toMatchObject({
        kind: 'failed-precondition',
      })
    })

    it('trims', async () => {
      await mountDevice()
      expect((await mounts.trim(target, 0n)).trimmedBytes).toBeGreaterThanOrEqual(0n)
    })
  })
}
