import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { LinuxMounts } from '../../src/linux/mounts.ts'
import { fsTypes } from '../../src/volumes/ports.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { eventually } from '../support/eventually.ts'
import { allocated } from '../support/images.ts'
import { tool } from '../tool.ts'

const MIB = 1 << 20

describeRoot('LinuxMounts', () => {
  const { signal } = new AbortController()
  const mounts = new LinuxMounts()
  let scratch: Scratch
  let mountPoint: string
  let image: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    mountPoint = await scratch.directory('mnt')
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
  })

  async function mountNew(type: string): Promise<void> {
    const device = await scratch.device(1n << 30n)
    image = scratch.imageOf(device)
    await tool(`mkfs.${type}`, '-q', device)
    await tool('mount', device, mountPoint)
  }

  describe.each(fsTypes)('%s', (type) => {
    beforeEach(() => mountNew(type))

    it('holds up writers until it is thawed', async () => {
      await mounts.freeze(mountPoint)
      const written = writeFile(join(mountPoint, 'file'), 'text').then(() => 'written')
      expect(await Promise.race([written, setTimeout(200, 'waiting')])).toBe('waiting')
      expect(await mounts.thaw(mountPoint)).toBe(true)
      expect(await written).toBe('written')
    })

    it('has everything in its image when it is frozen', async () => {
      await writeFile(join(mountPoint, 'file'), Buffer.alloc(5 * MIB, 7))
      await mounts.freeze(mountPoint)
      await tool('cp', '--sparse=always', image, `${image}-copy`)
      await mounts.thaw(mountPoint)
      await tool('umount', mountPoint)
      const copy = await scratch.attach(`${image}-copy`)
      await tool('mount', copy, mountPoint)
      expect((await stat(join(mountPoint, 'file'))).size).toBe(5 * MIB)
    })

    it('gives the blocks of deleted files back to the image', async () => {
      const file = join(mountPoint, 'file')
      await writeFile(file, Buffer.alloc(100 * MIB, 7))
      await mounts.flush(mountPoint)
      const full = await allocated(image)
      await tool('rm', file)
      // xfs frees them in the background, soon.
      await eventually('they are given back', async () => {
        await mounts.flush(mountPoint)
        expect(await mounts.trim(mountPoint, signal)).toBeGreaterThan(100n << 20n)
        expect(await allocated(image)).toBeLessThan(full - 90 * MIB)
      })
    })

    it('writes everything out in a flush', async () => {
      await writeFile(join(mountPoint, 'file'), Buffer.alloc(20 * MIB, 7))
      await mounts.flush(mountPoint)
      expect(await allocated(image)).toBeGreaterThan(20 * MIB)
    })
  })

  it('does not begin a trim for a caller who has given up', async () => {
    await mountNew('ext4')
    await expect(mounts.trim(mountPoint, AbortSignal.abort())).rejects.toThrow('aborted')
  })

  it('trims nothing where the file system below the image cannot make holes', async () => {
    const below = await scratch.directory('below')
    await tool('mount', '-t', 'ramfs', 'none', below)
    await writeFile(join(below, 'image'), Buffer.alloc(16 * MIB))
    const device = await scratch.attach(join(below, 'image'))
    await tool('mkfs.ext4', '-q', device)
    await tool('mount', device, mountPoint)
    expect(await mounts.trim(mountPoint, signal)).toBe(0n)
  })
})
