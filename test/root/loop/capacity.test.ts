import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { setCapacity } from '../../../src/linux/loop/device.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { makeSparse } from '../../support/images.ts'
import { IoctlDevice } from '../../support/ioctl-device.ts'
import { tool } from '../../tool.ts'

const MiB = 1 << 20

describeRoot('the capacity of a loop device', () => {
  let scratch: Scratch
  let image: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
    await makeSparse(image, 4 * MiB)
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  it('follows a truncated file when it is read again, so that no write goes beyond the end', async () => {
    await using loop = await IoctlDevice.attach(image)
    await truncate(image, MiB)
    expect(loop.attribute('size')).toBe(String((4 * MiB) / 512))
    await setCapacity(loop.fd)
    expect(loop.attribute('size')).toBe(String(MiB / 512))
    const { bytesWritten } = await loop.handle.write(Buffer.alloc(2 * MiB, 7), 0, 2 * MiB, 0)
    expect(bytesWritten).toBe(MiB)
    await loop.handle.sync()
    expect((await readFile(image)).equals(Buffer.alloc(MiB, 7))).toBe(true)
  })

  it('is what the offset and the size limit leave of the file', async () => {
    await using loop = await IoctlDevice.attach(image, { offset: BigInt(MiB), sizeLimit: BigInt(2 * MiB) })
    const sizes: bigint[] = []
    for (const bytes of [8 * MiB, 2 * MiB, MiB, MiB / 2]) {
      await truncate(image, bytes)
      await setCapacity(loop.fd)
      sizes.push(await loop.sizeBytes())
    }
    expect(sizes).toEqual([BigInt(2 * MiB), BigInt(MiB), 0n, 0n])
  })

  it('is read again without harm to a mounted file system with small blocks', async () => {
    await truncate(image, 16 * MiB)
    await tool('mkfs.ext4', '-q', '-b', '1024', image)
    await using loop = await IoctlDevice.attach(image)
    const directory = join(scratch.path, 'mounted')
    await mkdir(directory)
    await tool('mount', loop.path, directory)
    try {
      await writeFile(join(directory, 'note'), 'kept')
      for (const bytes of [16 * MiB, 32 * MiB]) {
        await truncate(image, bytes)
        await setCapacity(loop.fd)
        await tool('sync', '--file-system', directory)
        expect(await readFile(join(directory, 'note'), 'utf8')).toBe('kept')
      }
    } finally {
      await tool('umount', directory)
    }
    await tool('e2fsck', '-f', '-n', loop.path)
  })
})
