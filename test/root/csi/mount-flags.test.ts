import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { refusal } from '../../support/refusal.ts'
import { useTestNode } from '../../support/use-test-node.ts'
import { MiB, mountCapability, TestVolume } from '../../support/volume.ts'

const sizes: Record<FsType, number> = { ext4: 32 * MiB, xfs: 320 * MiB, btrfs: 256 * MiB }

/** The kernel shows these of every mount, and no two of them are the same. */
const common: readonly string[][] = [
  [],
  ['ro'],
  ['nosuid'],
  ['nodev', 'noexec'],
  ['sync'],
  ['dirsync'],
  ['noatime'],
  ['nodiratime'],
  ['strictatime'],
  ['lazytime'],
  ['nosymfollow'],
]

/** Of each file system: what contradicts the first, which is shown with its value. */
const contradicting: Partial<Record<FsType, readonly [string, string]>> = {
  ext4: ['commit=30', 'commit=60'],
  btrfs: ['commit=15', 'commit=60'],
}

/** The kernel shows these in other words, or not at all. */
const inOtherWords: Record<FsType, readonly string[][]> = {
  ext4: [
    ['relatime', 'rw'],
    ['discard'],
    ['nobarrier'],
    ['nodelalloc', 'journal_checksum'],
    ['data=journal'],
    ['data=ordered'],
    ['commit=5'],
    ['errors=remount-ro'],
    ['errors=continue'],
    ['_netdev', 'x-systemd.automount'],
  ],
  xfs: [
    ['inode64', 'largeio'],
    ['logbsize=32768'],
    ['allocsize=1m'],
    ['noquota'],
    ['discard'],
    ['swalloc,wsync'],
  ],
  btrfs: [
    ['compress=zstd'],
    ['compress-force=lzo'],
    ['autodefrag', 'noacl'],
    ['max_inline=65536'],
    ['commit=30'],
    ['ssd_spread'],
    ['nodatacow'],
    ['subvol=/'],
  ],
}

describeRoot('a volume that is staged again at the same path', () => {
  let node: TestNode
  useTestNode((started) => (node = started))

  describe.each(Object.keys(sizes) as FsType[])('with %s', (fsType) => {
    const capability = (mountFlags: string[]) => mountCapability(fsType, { mountFlags })
    const created = async (name: string): Promise<TestVolume> => {
      const wishes = { capability: capability([]), bytes: sizes[fsType] }
      const volume = await new TestVolume(node, `${name}-${fsType}`, wishes).create()
      await volume.stage()
      await volume.unstage()
      return volume
    }

    it('is already staged with the same flags, of any kind', async () => {
      await using volume = await created('same')
      const refused: unknown[] = []
      const own = (contradicting[fsType] ?? []).map((flag) => [flag])
      for (const flags of [...common, ...own, ...inOtherWords[fsType]]) {
        await volume.stage(capability(flags))
        await volume.stage(capability(flags)).catch((error: unknown) => refused.push([flags, error]))
        await volume.unstage()
      }
      expect(refused).toEqual([])
    })

    it('is already mounted with other flags that mountinfo lists', async () => {
      await using volume = await created('other')
      const accepted: unknown[] = []
      for (const flags of common) {
        await volume.stage(capability(flags))
        for (const others of common.filter((other) => other !== flags)) {
          const answer = await volume.stage(capability(others)).catch((error: unknown) => error)
          if (answer === undefined) accepted.push([flags, others])
          else expect(answer).toMatchObject(refusal('ALREADY_EXISTS', /is mounted at .* already/))
        }
        await volume.unstage()
      }
      expect(accepted).toEqual([])
    })

    const pair = contradicting[fsType]
    if (pair) {
      it(`is already there in another way with ${pair[1]} after ${pair[0]}`, async () => {
        await using volume = await created('value')
        await volume.stage(capability([pair[0]]))
        await expect(volume.stage(capability([pair[1]]))).rejects.toMatchObject(
          refusal('ALREADY_EXISTS', /with other mount flags already: they differ in commit$/),
        )
      })
    }

    it('is staged already when its discard was modified, which counts from the next mount on', async () => {
      await using volume = await created('discard')
      await volume.stage()
      await writeFile(join(volume.staging, 'note'), '')
      await volume.modify({ discard: 'online' })
      await volume.stage()
    })
  })
})
