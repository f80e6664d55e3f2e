import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LinuxFileSystems } from '../../src/linux/filesystems/index.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { tool } from '../tool.ts'

const GIB = 1n << 30n
const { signal } = new AbortController()

describeRoot('renew of a btrfs', () => {
  const fileSystems = new LinuxFileSystems()
  let scratch: Scratch

  beforeEach(async () => {
    scratch = await Scratch.make()
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
  })

  /**
   * A mounted btrfs that has fsynced data in its log tree, and a copy of its image as a crash would leave it.
   */
  async function crashedCopy(
    ...options: string[]
  ): Promise<{ mountPoint: string; image: string; copy: string }> {
    const device = await scratch.device(GIB)
    await tool('mkfs.btrfs', '-q', ...options, device)
    const mountPoint = await scratch.directory('source')
    await tool('mount', device, mountPoint)
    await writeFile(join(mountPoint, 'old'), 'old')
    await tool('sync', '--file-system', mountPoint)
    {
      await using file = await open(join(mountPoint, 'new'), 'w')
      await file.write('fsynced')
      await file.sync()
    }
    const copy = join(scratch.path, 'copy')
    const image = scratch.imageOf(device)
    await tool('cp', '--sparse=always', image, copy)
    return { mountPoint, image, copy }
  }

  async function mountCopy(copy: string, name = 'copy-mnt'): Promise<string> {
    const mountPoint = await scratch.directory(name)
    await tool('mount', await scratch.attach(copy), mountPoint)
    return mountPoint
  }

  const fieldOf = async (image: string, name: string, mirror = 0) => {
    const dump = await tool('btrfs', 'inspect-internal', 'dump-super', '--super', `${mirror}`, image)
    return new RegExp(`^${name}\\s+(.*)$`, 'm').exec(dump)?.[1]
  }
  const uuidAt = (mountPoint: string) => tool('findmnt', '--noheadings', '--output', 'UUID', mountPoint)

  it('lets a copy be mounted beside its source, with what was fsynced', async () => {
    const { mountPoint, copy } = await crashedCopy()
    expect(await fieldOf(copy, 'log_root')).not.toBe('0')
    await fileSystems.renew('btrfs', copy, signal)
    const beside = await mountCopy(copy)
    expect(await readFile(join(beside, 'old'), 'utf8')).toBe('old')
    expect(await readFile(join(beside, 'new'), 'utf8')).toBe('fsynced')
    expect(await uuidAt(beside)).toMatch(/^[0-9a-f-]{36}$/)
    expect(await uuidAt(beside)).not.toBe(await uuidAt(mountPoint))
    await tool('umount', beside)
    await tool('btrfs', 'check', copy)
  })

  it('gives the copy of a copy another UUID again', async () => {
    const { mountPoint, copy } = await crashedCopy()
    await fileSystems.renew('btrfs', copy, signal)
    await tool('cp', '--sparse=always', copy, `${copy}-2`)
    await fileSystems.renew('btrfs', `${copy}-2`, signal)
    const beside = [mountPoint, await mountCopy(copy), await mountCopy(`${copy}-2`, 'copy-2-mnt')]
    expect(new Set(await Promise.all(beside.map(uuidAt))).size).toBe(3)
  })

  it('changes the mirror as well, and only the identity', async () => {
    const { copy } = await crashedCopy()
    const generation = await fieldOf(copy, 'generation')
    await fileSystems.renew('btrfs', copy, signal)
    expect(await fieldOf(copy, 'fsid', 1)).toBe(await fieldOf(copy, 'fsid'))
    expect(await fieldOf(copy, 'csum', 0)).toContain('[match]')
    expect(await fieldOf(copy, 'csum', 1)).toContain('[match]')
    expect(await fieldOf(copy, 'generation')).toBe(generation)
  })

  it('handles other checksums without a log, and refuses with one', async () => {
    const { mountPoint, image, copy } = await crashedCopy('--csum', 'xxhash')
    await expect(fileSystems.renew('btrfs', copy, signal)).rejects.toMatchObject({
      kind: 'failed-precondition',
    })
    await tool('umount', mountPoint)
    const before = await fieldOf(image, 'fsid')
    await fileSystems.renew('btrfs', image, signal)
    expect(await fieldOf(image, 'fsid')).not.toBe(before)
    await mountCopy(image)
  })

  it('refuses a damaged superblock, and leaves content without one unchanged', async () => {
    const { copy } = await crashedCopy()
    {
      await using file = await open(copy, 'r+')
      await file.write('x', (64 << 10) + 300)
    }
    await expect(fileSystems.renew('btrfs', copy, signal)).rejects.toThrow('is damaged')
    await writeFile(copy, Buffer.alloc(1 << 20))
    // The copy of a volume that was never formatted.
    await fileSystems.renew('btrfs', copy, signal)
    expect((await readFile(copy)).equals(Buffer.alloc(1 << 20))).toBe(true)
  })

  it.each(['ext4', 'xfs'] as const)(
    'does nothing with %s, whose copies are told apart by their device',
    async (type) => {
      await fileSystems.renew(type, '/absent', signal)
    },
  )
})
