import { describe, expect, it } from '@jest/globals'
import { CAP_SYS_RESOURCE } from '../../../../src/linux/process/capabilities.ts'
import { DEVICE_BYTES, NOT_MOUNTED, scripted } from './scripted.ts'

const { signal } = new AbortController()
const zeroImage = 'nodiscard,lazy_itable_init=1,lazy_journal_init=1,assume_storage_prezeroed=1'
const mkfs = ['-q', '-m', '0', '-b', '4096', '-E']

/** The start of a device whose superblock says this size, in blocks of 4 KiB. */
function superblock(bytes: bigint): Buffer {
  const start = Buffer.alloc(4096)
  start.writeUInt32LE(Number(bytes / 4096n), 1024 + 0x4)
  start.writeUInt32LE(2, 1024 + 0x18)
  return start
}

const full = superblock(DEVICE_BYTES)
const half = superblock(DEVICE_BYTES / 2n)

describe('format', () => {
  it.each([
    ['keeps room to grow', [], `${zeroImage},resize=268435456`, []],
    [
      'joins the extended options',
      ['-E', 'stride=16', '-L', 'a'],
      `${zeroImage},resize=268435456,stride=16`,
      ['-L', 'a'],
    ],
    ['joins those without a space', ['-Estride=16'], `${zeroImage},resize=268435456,stride=16`, []],
    ['leaves features to those who choose them', ['-O', '^resize_inode'], zeroImage, ['-O', '^resize_inode']],
  ])('%s', async (_, options, extended, others) => {
    const args = [...mkfs, extended, ...others, '<device>']
    await using world = await scripted([{ command: 'mkfs.ext4', args }])
    await world.fileSystems.format('ext4', world.device, options, signal)
  })
})

describe('check', () => {
  const e2fsck = { command: 'e2fsck', args: ['-p', '<device>'] }

  it.each([
    ['clean', 0],
    ['repaired', 1],
    ['repaired, and a root file system would need a reboot', 2],
    ['both', 3],
  ])('accepts: %s', async (_, exitCode) => {
    await using world = await scripted([{ ...e2fsck, exitCode }])
    await world.fileSystems.check('ext4', world.device, signal)
    expect(world.commands.options[0]).toMatchObject({ stallMs: 600_000 })
  })

  it.each([
    ['errors that need a person', 4, { kind: 'failed-precondition' }],
    ['some of them repaired', 5, { kind: 'failed-precondition' }],
    ['an operational error', 8, { exitCode: 8 }],
    ['an operational error with repairs', 9, { exitCode: 9 }],
    ['a usage error', 16, { exitCode: 16 }],
    ['cancelled', 32, { exitCode: 32 }],
    ['a missing library', 128, { exitCode: 128 }],
    ['killed', null, { signal: 'SIGKILL' }],
  ])('fails: %s', async (_, exitCode, error) => {
    await using world = await scripted([{ ...e2fsck, exitCode }])
    await expect(world.fileSystems.check('ext4', world.device, signal)).rejects.toMatchObject(error)
  })

  it('is not interrupted, but its caller gets the abort', async () => {
    await using world = await scripted([e2fsck])
    const aborted = AbortSignal.abort(new Error('the caller went away'))
    await expect(world.fileSystems.check('ext4', world.device, aborted)).rejects.toThrow('went away')
  })
})

describe('verify', () => {
  const e2fsck = { command: 'e2fsck', args: ['-f', '-n', '<device>'] }

  it.each([
    [0, true],
    [4, false],
    [12, false],
  ])('exit code %d', async (exitCode, isClean) => {
    await using world = await scripted([{ ...e2fsck, exitCode, stdout: 'report\n' }])
    const verdict = await world.fileSystems.verify('ext4', world.device, signal)
    expect(verdict).toEqual({ isClean, report: 'report' })
  })

  it('fails when it cannot check', async () => {
    await using world = await scripted([{ ...e2fsck, exitCode: 8 }])
    await expect(world.fileSystems.verify('ext4', world.device, signal)).rejects.toMatchObject({
      exitCode: 8,
    })
  })
})

describe('growth while mounted', () => {
  const resize = { command: 'resize2fs', args: ['<device>'] }

  it('needs no tool without room', async () => {
    await using world = await scripted([], full)
    await world.fileSystems.grow('ext4', world.device, '/mnt', signal)
  })

  it('runs resize2fs', async () => {
    await using world = await scripted([resize], half)
    await world.fileSystems.grow('ext4', world.device, '/mnt', signal)
  })

  it.each([
    [
      'names the capability',
      'resize2fs: Permission denied to resize filesystem',
      { kind: 'failed-precondition' },
    ],
    ['fails as the tool did', 'resize2fs: No space left', { exitCode: 1 }],
  ])('%s', async (_, stderr, error) => {
    await using world = await scripted([{ ...resize, exitCode: 1, stderr }], half)
    const growing = world.fileSystems.grow('ext4', world.device, '/mnt', signal)
    await expect(growing).rejects.toMatchObject(error)
  })

  it('is aborted when the tool fails because it is mounted no more', async () => {
    await using world = await scripted([{ ...resize, exitCode: 1, stderr: 'resize2fs: busy' }], half)
    const growing = world.fileSystems.grow('ext4', world.device, NOT_MOUNTED, signal)
    await expect(growing).rejects.toMatchObject({ kind: 'aborted' })
  })
})

describe('growth while unmounted', () => {
  const check = { command: 'e2fsck', args: ['-p', '-f', '<device>'] }
  const resize = { command: 'resize2fs', args: ['<device>'] }

  it('is left to the mount where that is possible', async () => {
    await using world = await scripted([], half, CAP_SYS_RESOURCE)
    await world.fileSystems.growUnmounted('ext4', world.device, signal)
  })

  it('needs no tool without room', async () => {
    await using world = await scripted([], full)
    await world.fileSystems.growUnmounted('ext4', world.device, signal)
  })

  it('comes after a full check, and is not interrupted', async () => {
    await using world = await scripted([{ ...check, exitCode: 1 }, resize], half)
    const aborted = AbortSignal.abort(new Error('the caller went away'))
    await expect(world.fileSystems.growUnmounted('ext4', world.device, aborted)).rejects.toThrow('went away')
  })

  it('does not follow a check that fails', async () => {
    await using world = await scripted([{ ...check, exitCode: 4 }], half)
    const growing = world.fileSystems.growUnmounted('ext4', world.device, signal)
    await expect(growing).rejects.toMatchObject({ kind: 'failed-precondition' })
  })
})
