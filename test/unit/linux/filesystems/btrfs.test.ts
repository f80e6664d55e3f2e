import { describe, expect, it } from '@jest/globals'
import { crc32c } from '../../../../src/linux/filesystems/btrfs.ts'
import { DEVICE_BYTES, scripted } from './scripted.ts'

const { signal } = new AbortController()
const SUPERBLOCK = 64 << 10
const fsid = '11111111-2222-4333-8444-555555555555'

interface Fields {
  readonly checksumType?: number
  readonly hasLog?: boolean
  readonly isDamaged?: boolean
}

/** The start of a device with a btrfs on it. */
function superblock({ checksumType = 0, hasLog = false, isDamaged = false }: Fields = {}): Buffer {
  const block = Buffer.alloc(4096)
  Buffer.from(fsid.replaceAll('-', ''), 'hex').copy(block, 32)
  block.write('_BHRfS_M', 64)
  block.writeBigUInt64LE(hasLog ? 1n : 0n, 96)
  block.writeBigUInt64LE(DEVICE_BYTES, 112)
  block.writeUInt32LE(4096, 144)
  block.writeUInt16LE(checksumType, 196)
  block.writeUInt32LE(crc32c(block.subarray(32)), 0)
  if (isDamaged) block[300] = 1
  return Buffer.concat([Buffer.alloc(SUPERBLOCK), block])
}

describe('format', () => {
  const mkfs = { command: 'mkfs.btrfs', args: ['-q', '-K', '-L', 'a', '<device>'] }

  it('runs mkfs.btrfs', async () => {
    await using world = await scripted([mkfs])
    await world.fileSystems.format('btrfs', world.device, ['-L', 'a'], signal)
  })

  it.each([
    [
      'unavailable while it cannot look at the disk of another',
      'cannot check mount status of',
      { kind: 'unavailable' },
    ],
    ['as the tool did', 'ERROR: unable to open', { exitCode: 1 }],
  ])('fails %s', async (_, stderr, error) => {
    await using world = await scripted([{ ...mkfs, exitCode: 1, stderr }])
    const formatting = world.fileSystems.format('btrfs', world.device, ['-L', 'a'], signal)
    await expect(formatting).rejects.toMatchObject(error)
  })
})

it('needs no tool before a mount', async () => {
  await using world = await scripted([])
  await world.fileSystems.check('btrfs', world.device, signal)
  await world.fileSystems.growUnmounted('btrfs', world.device, signal)
})

it.each([
  [0, true],
  [1, false],
])('verify: exit code %d', async (exitCode, isClean) => {
  const command = {
    command: 'btrfs',
    args: ['check', '--readonly', '<device>'],
    exitCode,
    stderr: 'report\n',
  }
  await using world = await scripted([command])
  const verdict = await world.fileSystems.verify('btrfs', world.device, signal)
  expect(verdict).toEqual({ isClean, report: 'report' })
})

it.each([[0], [1]])('growth by the open mount point: exit code %d', async (exitCode) => {
  const command = { command: 'btrfs', args: ['filesystem', 'resize', 'max', '<open>/mnt'], exitCode }
  await using world = await scripted([command])
  const growing = world.fileSystems.grow('btrfs', world.device, '/mnt', signal)
  if (exitCode === 0) await growing
  else await expect(growing).rejects.toMatchObject({ exitCode })
})

describe('renewal', () => {
  const btrfstune = { command: 'btrfstune', args: ['-f', '-m', '<device>'] }

  it('needs no tool for the default checksum', async () => {
    await using world = await scripted([], superblock({ hasLog: true }))
    const uuid = await world.fileSystems.renew('btrfs', world.device, signal)
    expect(uuid).not.toBe(fsid)
    expect(await world.fileSystems.identify(world.device)).toEqual({ type: 'btrfs', uuid })
  })

  it('runs btrfstune for another checksum, and reads the new UUID', async () => {
    await using world = await scripted([btrfstune], superblock({ checksumType: 1 }))
    expect(await world.fileSystems.renew('btrfs', world.device, signal)).toBe(fsid)
  })

  it('fails as btrfstune did', async () => {
    await using world = await scripted([{ ...btrfstune, exitCode: 1 }], superblock({ checksumType: 1 }))
    const renewing = world.fileSystems.renew('btrfs', world.device, signal)
    await expect(renewing).rejects.toMatchObject({ exitCode: 1 })
  })

  it.each([
    ['another checksum with a log', { checksumType: 1, hasLog: true }, 'not unmounted cleanly'],
    ['a damaged superblock', { isDamaged: true }, 'is damaged'],
  ])('refuses %s', async (_, fields, message) => {
    await using world = await scripted([], superblock(fields))
    await expect(world.fileSystems.renew('btrfs', world.device, signal)).rejects.toThrow(message)
  })

  it('leaves other content unchanged', async () => {
    await using world = await scripted([])
    expect(await world.fileSystems.renew('btrfs', world.device, signal)).toBeUndefined()
  })
})
