import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LinuxImageCopier } from '../../src/linux/images/image-copier.ts'
import type { Extent } from '../../src/volumes/model/ports/image-copier.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { allocated, expectEqual, fill, makeFragmented, makeSparse } from '../support/images.ts'
import { openOn } from '../support/open-filesystem.ts'
import { tool } from '../tool.ts'

const MIB = 1 << 20
const { signal } = new AbortController()
const ignore = () => undefined

describeRoot('LinuxImageCopier', () => {
  const copier = new LinuxImageCopier()
  let scratch: Scratch
  let source: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    source = join(scratch.path, 'source')
    await makeSparse(source, 200 * MIB)
    await fill(source, 10 * MIB, 100 * MIB, 1)
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
  })

  async function mounted(type: string, sizeBytes: bigint, options = 'rw'): Promise<string> {
    const device = await scratch.device(sizeBytes)
    await tool(`mkfs.${type}`, '-q', device)
    const target = await scratch.directory(`mnt-${type}`)
    await tool('mount', '-o', options, device, target)
    return target
  }

  it.each(['ext4', 'xfs', 'btrfs'])('copies to another file system: %s', async (type) => {
    const target = join(await mounted(type, 1n << 30n), 'target')
    expect(await copier.share(source, target)).toBe(false)
    await copier.copy(source, target, ignore, signal)
    await expectEqual(source, target)
    expect(await allocated(target)).toBeLessThanOrEqual((await allocated(source)) * 1.01)
    await fill(source, 50 * MIB, 5000, 2)
    await copier.update(source, target, signal)
    await expectEqual(source, target)
  })

  it('copies a fragmented one to another file system', async () => {
    const fragmented = join(scratch.path, 'fragmented')
    await makeFragmented(fragmented, 1000)
    const target = join(await mounted('ext4', 64n << 20n), 'target')
    await copier.copy(fragmented, target, ignore, signal)
    await expectEqual(fragmented, target)
  })

  it('leaves no target, and the source as it was, when the disk gets full', async () => {
    const target = join(await mounted('ext4', 64n << 20n), 'target')
    const before = await readFile(source)
    await expect(copier.copy(source, target, ignore, signal)).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
    expect((await readFile(source)).equals(before)).toBe(true)
  })

  it('leaves no target of a fragmented source when the disk gets full', async () => {
    const fragmented = join(scratch.path, 'fragmented')
    await makeFragmented(fragmented, 20_000)
    const target = join(await mounted('ext4', 64n << 20n), 'target')
    await expect(copier.copy(fragmented, target, ignore, signal)).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it.each(['on', 'off'])('copies the image of a mounted volume, direct I/O %s', async (directIo) => {
    await tool('mkfs.ext4', '-q', '-F', source)
    const device = await scratch.attach(source)
    await tool('losetup', `--direct-io=${directIo}`, device)
    const mountPoint = await scratch.directory('volume')
    await tool('mount', device, mountPoint)
    await using fileSystem = await openOn(device)
    const target = join(scratch.path, 'target')
    const done = new AbortController()
    const writing = writeUntil(done.signal, join(mountPoint, 'file'))
    await setTimeout(100)
    await copier.copy(source, target, ignore, signal)
    await copier.update(source, target, signal)
    done.abort()
    await writing
    await fileSystem.freeze()
    await copier.update(source, target, signal)
    await expectEqual(source, target)
    await fileSystem.thaw()
    await tool('e2fsck', '-f', '-n', target)
  })

  it('does not trust the location of compressed extents', async () => {
    const directory = await mounted('btrfs', 1n << 30n, 'compress-force=zstd')
    const [base, target] = [join(directory, 'base'), join(directory, 'target')]
    await makeSparse(base, MIB)
    // One compressed extent of 128 KiB, of which the halves are different.
    await fill(base, 0, 64 << 10, 1)
    await fill(base, 64 << 10, 64 << 10, 2)
    await tool('sync', base)
    await makeSparse(target, MIB)
    // Its second half at the place of the first.
    await tool('xfs_io', '-c', `reflink ${base} ${64 << 10} 0 ${64 << 10}`, target)
    await tool('sync', target)
    const found: Extent[] = []
    for await (const extent of copier.differences(base, target, 0n, signal)) found.push(extent)
    expect(found).toEqual([{ offset: 0n, length: 128n << 10n }])
  })
})

/** Writes and flushes all over a file, as a database does. */
async function writeUntil(signal: AbortSignal, path: string): Promise<void> {
  await using file = await open(path, 'w')
  for (let round = 0; !signal.aborted; round++) {
    await file.write(Buffer.alloc(MIB, round), 0, MIB, ((round * 7) % 40) * MIB)
    await file.datasync()
    if (round % 5 === 4) await file.truncate((round % 30) * MIB)
  }
}
