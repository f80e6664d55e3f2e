import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { bytesInMemory, findBtrfs } from '../../../../src/linux/mount/btrfs-space.ts'

describe('what a btrfs has in memory', () => {
  let sysfs: string

  beforeEach(async () => {
    sysfs = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    await mkdir(join(sysfs, 'features'))
  })

  afterEach(() => rm(sysfs, { recursive: true }))

  async function makeBtrfs(id: string, device: string, groups: Record<string, number>): Promise<void> {
    await mkdir(join(sysfs, id, 'devices', device), { recursive: true })
    for (const [group, bytes] of Object.entries(groups)) {
      await mkdir(join(sysfs, id, 'allocation', group), { recursive: true })
      await writeFile(join(sysfs, id, 'allocation', group, 'bytes_may_use'), `${bytes}\n`)
    }
  }

  it('is what is reserved for data in the file system of the device', async () => {
    await makeBtrfs('a', 'loop1', { data: 4096 })
    await makeBtrfs('b', 'loop10', { mixed: 8192, metadata: 5 })
    const found = await findBtrfs('/dev/loop10', sysfs)
    expect(found).toBe(join(sysfs, 'b'))
    expect(await bytesInMemory(found ?? '')).toBe(8192n)
  })

  it('is nothing when the file system is not mounted any more', async () => {
    expect(await findBtrfs('/dev/loop1', sysfs)).toBeUndefined()
    expect(await bytesInMemory(join(sysfs, 'gone'))).toBe(0n)
  })
})
