import { mkdir, open, rename, symlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { ImageFiles } from '../../src/volumes/model/ports/image-files.ts'
import { Scratch } from '../scratch.ts'
import { at } from '../support/at.ts'
import { tool } from '../tool.ts'

const signal = new AbortController().signal
const MiB = 1n << 20n

/** What every ImageFiles does. */
export function imageFilesContract(files: ImageFiles): void {
  let scratch: Scratch
  let image: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  it('creates thin images without allocated blocks', async () => {
    await files.create(image, 64n * MiB, false, signal)
    expect(await files.size(image)).toEqual({ logical: 64n * MiB, allocated: 0n })
  })

  it('creates thick images with all blocks allocated', async () => {
    await files.create(image, 2n * MiB, true, signal)
    const { logical, allocated } = await files.size(image)
    expect(logical).toBe(2n * MiB)
    expect(allocated).toBeGreaterThanOrEqual(2n * MiB)
  })

  it('does not overwrite an image', async () => {
    await files.create(image, MiB, false, signal)
    await expect(files.create(image, 2n * MiB, false, signal)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await files.size(image)).toMatchObject({ logical: MiB })
  })

  it.each<[what: string, plant: () => Promise<unknown>]>([
    ['a symbolic link', () => symlink(scratch.path, image)],
    ['a directory', () => mkdir(image)],
    ['a FIFO', () => tool('mkfifo', image)],
  ])('takes %s for no image, and neither follows it nor waits', async (_, plant) => {
    await plant()
    const refused = { kind: 'failed-precondition', message: expect.stringContaining('no regular file') }
    await expect(files.size(image)).rejects.toMatchObject(refused)
    await expect(files.hasData(image)).rejects.toMatchObject(refused)
    await expect(files.grow(image, MiB, false, signal)).rejects.toMatchObject(refused)
    // To delete it.
    await using lock = await files.lock(image)
    expect(lock).toBeDefined()
  })

  it.each([false, true])('grows an image, allocated: %s', async (allocate) => {
    await files.create(image, MiB, allocate, signal)
    await files.grow(image, 3n * MiB, allocate, signal)
    const { logical, allocated } = await files.size(image)
    expect(logical).toBe(3n * MiB)
    expect(allocated >= 3n * MiB).toBe(allocate)
  })

  it.each([false, true])('recognizes an image that was never written, allocated: %s', async (allocate) => {
    await files.create(image, MiB, allocate, signal)
    expect(await files.hasData(image)).toBe(false)
    await using file = await open(image, 'r+')
    await file.write('x', 500_000)
    expect(await files.hasData(image)).toBe(true)
  })

  it('makes a thin image thick, and thin again where it was not written', async () => {
    await files.create(image, 4n * MiB, false, signal)
    await using file = await open(image, 'r+')
    await file.write('x', 1 << 21)
    await file.sync()
    expect(await files.missing(image)).toBeGreaterThan(3n * MiB)
    await files.allocate(image, signal)
    expect(await files.missing(image)).toBe(0n)
    expect((await files.size(image)).allocated).toBeGreaterThanOrEqual(4n * MiB)
    await files.deallocate(image, signal)
    const { logical, allocated } = await files.size(image)
    expect(logical).toBe(4n * MiB)
    expect(allocated).toBeLessThan(MiB)
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 1 << 21)
    expect(buffer.toString()).toBe('x')
  })

  it('never makes an image smaller', async () => {
    await files.create(image, 3n * MiB, false, signal)
    await files.grow(image, MiB, false, signal)
    expect(await files.size(image)).toMatchObject({ logical: 3n * MiB })
  })

  it('detects a changed image by its version', async () => {
    const changes: Record<string, (path: string, file: FileHandle) => Promise<unknown>> = {
      written: (_, file) => file.write('x', 500_000),
      grown: (_, file) => file.truncate(Number(5n * MiB)),
      deallocated: (path) => files.deallocate(path, signal),
      'given an older time': (_, file) => file.utimes(1, 1),
      'replaced by another': (path) => rename(`${image}-another`, path),
    }
    const paths = Object.keys(changes).map((name) => `${image}-${name}`)
    for (const path of [...paths, `${image}-another`]) await files.create(path, 4n * MiB, true, signal)
    const before = await Promise.all(paths.map(settledVersion))
    for (const [index, change] of Object.values(changes).entries()) {
      const path = at(paths, index)
      expect(await files.version(path)).toBe(before[index])
      await using file = await open(path, 'r+')
      await change(path, file)
      expect(await files.version(path)).not.toBe(before[index])
    }
    const after = await Promise.all(paths.map(settledVersion))
    expect(after.filter((version, index) => version === before[index])).toEqual([])
  })

  /** Once the last change is long enough ago. */
  async function settledVersion(path: string): Promise<string> {
    for (;;) {
      const version = await files.version(path)
      if (version !== undefined) return version
      await setTimeout(100)
    }
  }

  it('frees what it allocated for a cancelled call', async () => {
    await expect(files.create(image, MiB, true, AbortSignal.abort())).rejects.toThrow()
    await expect(files.size(image)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('returns the usage of the file system', async () => {
    const { bytes, inodes } = await files.usage(scratch.path)
    expect(bytes.total).toBeGreaterThan(0n)
    expect(bytes.available).toBeLessThanOrEqual(bytes.total)
    expect(inodes.used + inodes.available).toBe(inodes.total)
  })

  it('gives a lock to one at a time', async () => {
    await (await open(image, 'w')).close()
    const first = await files.lock(image)
    expect(first).toBeDefined()
    expect(await files.lock(image)).toBeUndefined()
    await first?.[Symbol.asyncDispose]()
    await using second = await files.lock(image)
    expect(second).toBeDefined()
  })

  it('locks directories too', async () => {
    await using lock = await files.lock(scratch.path)
    expect(lock).toBeDefined()
    expect(await files.lock(scratch.path)).toBeUndefined()
  })
}
