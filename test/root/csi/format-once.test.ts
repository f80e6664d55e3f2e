import { createHash } from 'node:crypto'
import { open, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { status, type ServiceError } from '@grpc/grpc-js'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { LinuxImageCopier } from '../../../src/linux/images/image-copier.ts'
import type { FsType } from '../../../src/volumes/model/ports/file-systems.ts'
import { describeRoot } from '../../root.ts'
import { commandLine } from '../../support/command-line.ts'
import type { TestNode } from '../../support/driver.ts'
import { healthOnDisk } from '../../support/health.ts'
import { BLOCK_BYTES, fill, makeSparse } from '../../support/images.ts'
import { Steps } from '../../support/seam/steps.ts'
import { TestSnapshot } from '../../support/snapshot.ts'
import { useTestNodePerTest } from '../../support/use-test-node.ts'
import { MiB, mountCapability, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

/** Large enough for backup superblocks: the first of ext4 is at 128 MiB, that of btrfs at 64 MiB. */
const sizes: Record<FsType, number> = { ext4: 192 * MiB, xfs: 320 * MiB, btrfs: 256 * MiB }
const superblocks: Record<FsType, [offset: number, bytes: number]> = {
  ext4: [1024, 1024],
  xfs: [0, 512],
  btrfs: [64 << 10, 4096],
}
const { signal } = new AbortController()
const fsTypes = Object.keys(sizes) as FsType[]

describeRoot('a volume that was formatted', () => {
  let node: TestNode
  useTestNodePerTest((started) => (node = started))

  const volumeOf = (fsType: FsType, name = 'data'): TestVolume =>
    new TestVolume(node, name, { capability: mountCapability(fsType), bytes: sizes[fsType] })

  /** An unused volume that a pod has written to. */
  const used = async (fsType: FsType, name = 'data'): Promise<TestVolume> => {
    const volume = await volumeOf(fsType, name).create()
    await volume.stage()
    await writeFile(join(volume.staging, 'note'), `kept in ${name}`)
    await volume.unstage()
    return volume
  }

  const recordOf = async (volume: TestVolume): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(volume.directory, 'volume.json'), 'utf8')) as Record<string, unknown>

  /** Of all blocks that are not zero; which of the others are holes is the pool's file system to decide. */
  const checksum = async (path: string): Promise<string> => {
    const hash = createHash('sha256')
    const zeros = Buffer.alloc(BLOCK_BYTES)
    await using file = await open(path)
    for await (const { length, offset } of new LinuxImageCopier().extents(path, 0n, signal)) {
      for (let at = Number(offset); at < Number(offset + length); at += BLOCK_BYTES) {
        const { buffer } = await file.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, at)
        if (!buffer.equals(zeros)) hash.update(`${at} `).update(buffer)
      }
    }
    return hash.digest('hex')
  }

  /** The stage is refused, repeatedly, and the image is as it was. @returns the last message */
  const expectRefused = async (volume: TestVolume): Promise<string> => {
    const before = await checksum(volume.image)
    let details = ''
    for (let attempt = 1; attempt <= 2; attempt++) {
      const answer = (await volume.stage().catch((error: unknown) => error)) as ServiceError
      expect(status[answer.code]).toBe('FAILED_PRECONDITION')
      details = answer.details
    }
    expect(details).toContain(volume.id)
    expect(await checksum(volume.image)).toBe(before)
    expect(await volume.devices()).toEqual([])
    return details
  }

  const copySparse = (from: string, to: string): Promise<string> => tool('cp', '--sparse=always', from, to)

  const loseSuperblock = (fsType: FsType, { image }: TestVolume): Promise<void> =>
    fill(image, ...superblocks[fsType], 0)

  /** Runs the commands of the message, as a reader would. */
  const follow = async (advice: string): Promise<void> => {
    const [, attach = '', repair = ''] =
      /\((csi-driver-loop loop attach [^;]*); ([^;]*); csi-driver-loop loop detach <device>\)/.exec(advice) ??
      []
    const [, ...args] = attach.split(' ')
    const attached = await commandLine(args)
    expect(attached).toMatchObject({ code: 0, stderr: '' })
    const device = attached.stdout.trim()
    // When they have repaired something, e2fsck exits with 1 and btrfs-rescue with 2.
    await tool('sh', '-c', `${repair.replace('<device>', device)} || [ $? -le 2 ]`)
    expect(await commandLine(['loop', 'detach', device])).toMatchObject({ code: 0 })
  }

  const expectBack = async (volume: TestVolume): Promise<void> => {
    await volume.stage()
    expect(await readFile(join(volume.staging, 'note'), 'utf8')).toBe(`kept in ${volume.name}`)
    await volume[Symbol.asyncDispose]()
  }

  describe.each(fsTypes)('with %s', (fsType) => {
    it('has its UUID in its record once it is staged', async () => {
      const volume = await volumeOf(fsType).create()
      expect(await recordOf(volume)).toMatchObject({ schemaVersion: 2, fileSystem: { state: 'new' } })
      await volume.stage()
      const uuid = (await tool('blkid', '-p', '-s', 'UUID', '-o', 'value', volume.image)).trim()
      expect(await recordOf(volume)).toMatchObject({ fileSystem: { state: 'formatted', uuid } })
      await volume[Symbol.asyncDispose]()
    })

    describe('is formatted once in a first stage', () => {
      const NEXT_RECORD = 'pools/default/volumes/.<id>.volume.json.new'
      let steps: Steps
      let volume: TestVolume

      beforeEach(async () => {
        steps = new Steps(node)
        await node.stop()
        await node.start({ within: steps.within })
        volume = await volumeOf(fsType).create()
      })

      const uuidOf = async ({ image }: TestVolume): Promise<string> =>
        (await tool('blkid', '-p', '-s', 'UUID', '-o', 'value', image)).trim()

      /** Stages it again, and finds the file system of the first time. */
      const expectSame = async (): Promise<void> => {
        const uuid = await uuidOf(volume)
        await volume.stage()
        expect(await uuidOf(volume)).toBe(uuid)
        expect(await recordOf(volume)).toMatchObject({ fileSystem: { state: 'formatted', uuid } })
        await volume[Symbol.asyncDispose]()
      }

      it.each([
        ['at the end of its mkfs', (run: string) => steps.killAfter(`wait ${run} 1`)],
        [
          'before its record counts',
          () => steps.killAt(`rename ${NEXT_RECORD} pools/default/volumes/<id>/volume.json 1`),
        ],
        ['before its record is on the disk', () => steps.killAt('fsync pools/default/volumes/<id> 1')],
        ['before its mount', () => steps.killAt(`mount ${fsType} globalmount /dev/loop# 1`)],
      ])('in which the driver is killed %s', async (_, killAt) => {
        await killAt(`mkfs.${fsType}`)
        await expect(volume.stage()).rejects.toThrow()
        expect(await steps.wasReached()).toBe(true)
        await node.driver.exited
        await node.start()
        await expectSame()
      })

      it('in which the driver is killed before its mkfs', async () => {
        await steps.killAt(`run mkfs.${fsType} 1`)
        await expect(volume.stage()).rejects.toThrow()
        await node.driver.exited
        await node.start()
        expect(await recordOf(volume)).toMatchObject({ fileSystem: { state: 'new' } })
        await volume.stage()
        await expectSame()
      })

      it('in which its mount fails', async () => {
        await steps.failAt(`mount ${fsType} globalmount /dev/loop# 1`, 'EIO')
        await expect(volume.stage()).rejects.toThrow('EIO')
        const uuid = await uuidOf(volume)
        expect(await recordOf(volume)).toMatchObject({ fileSystem: { state: 'formatted', uuid } })
        await expectSame()
      })

      it('in which its record cannot be committed', async () => {
        await steps.failAt('fsync pools/default/volumes/<id> 1', 'EIO')
        await expect(volume.stage()).rejects.toThrow('EIO')
        expect(await volume.devices()).toEqual([])
        expect(await recordOf(volume)).toMatchObject({ fileSystem: { state: 'new' } })
        await expectSame()
      })
    })

    it.each<[string, (volume: TestVolume) => Promise<void>]>([
      ['its superblock', (volume) => loseSuperblock(fsType, volume)],
      [
        'its first sectors',
        async (volume) => {
          await fill(volume.image, 0, 4096, 0)
          await loseSuperblock(fsType, volume)
        },
      ],
    ])('is not formatted when it has lost %s, and is repaired as the message says', async (_, damage) => {
      const volume = await used(fsType)
      await damage(volume)
      await follow(await expectRefused(volume))
      await expectBack(volume)
    })

    it('is not formatted when its image was replaced by an empty one', async () => {
      const volume = await used(fsType)
      const backup = join(node.path, 'backup.img')
      await copySparse(volume.image, backup)
      await tool('rm', volume.image)
      await makeSparse(volume.image, sizes[fsType])
      expect(await expectRefused(volume)).toMatch(/is empty and is not formatted again/)
      await node.crash()
      await expectRefused(volume)
      await copySparse(backup, volume.image)
      await expectBack(volume)
    })

    it('does not mount the image of another volume', async () => {
      const volume = await used(fsType)
      const other = await used(fsType, 'other')
      const backup = join(node.path, 'backup.img')
      await copySparse(volume.image, backup)
      await copySparse(other.image, volume.image)
      expect(await expectRefused(volume)).toMatch(/the UUID of the .* is .*, not /)
      await copySparse(backup, volume.image)
      await expectBack(volume)
      await other.delete()
    })

    it('is mounted again when a changed UUID is restored by the command of the message', async () => {
      const volume = await used(fsType)
      const uuid = '11111111-2222-4333-8444-555555555555'
      const change = { ext4: 'tune2fs -U', xfs: 'xfs_admin -U', btrfs: 'btrfstune -f -M' }[fsType]
      await tool('sh', '-c', `${change} ${uuid} ${volume.image}`)
      await follow(await expectRefused(volume))
      await expectBack(volume)
    })

    it('is not formatted as a restored one or a clone, which know their UUID from the start', async () => {
      const volume = await used(fsType)
      const snapshot = await new TestSnapshot(node, 'snapshot', volume).create()
      for (const [name, source] of [
        ['restored', snapshot.asSource],
        ['cloned', volume.asSource],
      ] as const) {
        const capability = mountCapability(fsType)
        const copy = await new TestVolume(node, name, { capability, bytes: sizes[fsType], source }).create()
        const uuid = (await tool('blkid', '-p', '-s', 'UUID', '-o', 'value', copy.image)).trim()
        expect(await recordOf(copy)).toMatchObject({ fileSystem: { state: 'formatted', uuid } })
        await loseSuperblock(fsType, copy)
        await follow(await expectRefused(copy))
        await copy.stage()
        expect(await readFile(join(copy.staging, 'note'), 'utf8')).toBe('kept in data')
        await copy[Symbol.asyncDispose]()
      }
      await snapshot.delete()
      await volume.delete()
    })
  })

  describe('under a record of version 1', () => {
    /** As an older driver has written it. */
    const age = async (volume: TestVolume): Promise<void> => {
      await node.stop()
      const { fileSystem: _, ...record } = await recordOf(volume)
      await writeFile(join(volume.directory, 'volume.json'), JSON.stringify({ ...record, schemaVersion: 1 }))
      await node.start()
    }

    it('is migrated when it is next mounted', async () => {
      const volume = await used('ext4')
      const record = await recordOf(volume)
      await age(volume)
      await volume.stage()
      expect(await recordOf(volume)).toEqual(record)
      expect(await readFile(join(volume.staging, 'note'), 'utf8')).toBe('kept in data')
      await volume[Symbol.asyncDispose]()
    })

    it('is migrated when it is mounted already, and its stage is repeated', async () => {
      const volume = await volumeOf('xfs').create()
      await volume.stage()
      const record = await recordOf(volume)
      await age(volume)
      await volume.stage()
      expect(await recordOf(volume)).toEqual(record)
      await volume[Symbol.asyncDispose]()
    })

    it('is not formatted when it has data that looks blank, because it may have been before', async () => {
      const volume = await used('xfs')
      await age(volume)
      await loseSuperblock('xfs', volume)
      await follow(await expectRefused(volume))
      await expectBack(volume)
    })

    it('is formatted when not one byte of it was ever written', async () => {
      const volume = await volumeOf('ext4').create()
      await age(volume)
      await volume.stage()
      expect(await recordOf(volume)).toMatchObject({ schemaVersion: 2, fileSystem: { state: 'formatted' } })
      await volume[Symbol.asyncDispose]()
    })
  })

  it('is reported by health and doctor, until it is repaired', async () => {
    const volume = await used('ext4')
    await loseSuperblock('ext4', volume)
    expect(await healthOnDisk(node, volume.id)).toEqual([])
    await expectRefused(volume)
    expect(await healthOnDisk(node, volume.id)).toEqual(['INACCESSIBLE FileSystemMissing'])
    const doctor = async (): Promise<{ reason: string; cure: string }[]> => {
      const { stdout } = await commandLine(['doctor', '--data-dir', node.dataDir, '--json'])
      const { findings } = JSON.parse(stdout) as { findings: { reason: string; cure: string }[] }
      return findings.filter(({ reason }) => reason === 'FileSystemMissing')
    }
    const [finding] = await doctor()
    await follow(finding?.cure ?? '')
    expect(await doctor()).toEqual([])
    await volume.stage()
    expect(await healthOnDisk(node, volume.id)).toEqual([])
    await expectBack(volume)
  })

  it('is formatted again when its first mkfs was killed, and by no stage after the first that succeeded', async () => {
    const volume = await volumeOf('ext4').create()
    // What a killed mkfs.ext4 leaves: data, and no superblock.
    await fill(volume.image, 4 * MiB, 4096, 7)
    await volume.stage()
    await volume.unstage()
    await loseSuperblock('ext4', volume)
    await expectRefused(volume)
    await volume.delete()
  })

  it('is mounted, and never formatted, after a crash between its mount and its record', async () => {
    const volume = await volumeOf('ext4').create()
    await volume.stage()
    const record = await recordOf(volume)
    await node.stop()
    await writeFile(
      join(volume.directory, 'volume.json'),
      JSON.stringify({ ...record, fileSystem: { state: 'new' } }),
    )
    await node.start()
    await volume.stage()
    expect(await recordOf(volume)).toEqual(record)
    await volume[Symbol.asyncDispose]()
  })

  it('is not formatted as an import, although it was never staged', async () => {
    const image = join(node.path, 'source.img')
    await makeSparse(image, sizes.ext4)
    await tool('mkfs.ext4', '-q', '-b', '4096', image)
    const where = ['--data-dir', node.dataDir, '--endpoint', `unix://${node.socket}`]
    const { code, stdout } = await commandLine(['volume', 'import', image, '--name', 'db', ...where])
    expect(code).toBe(0)
    const volume = new TestVolume(node, 'db')
    volume.id = stdout.trim()
    await node.directory('db', 'globalmount')
    expect(await recordOf(volume)).toMatchObject({ fileSystem: { state: 'imported' } })
    await truncate(volume.image, 0)
    await truncate(volume.image, sizes.ext4)
    await expectRefused(volume)
    await copySparse(image, volume.image)
    await volume.stage()
    expect(await recordOf(volume)).toMatchObject({ fileSystem: { state: 'formatted' } })
    await volume[Symbol.asyncDispose]()
  })
})
