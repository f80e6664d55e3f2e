import { describe, expect, it } from '@jest/globals'
import { DEVICE_BYTES, scripted } from './scripted.ts'

const { signal } = new AbortController()

/** The start of a device with an XFS of this size, in blocks of 4 KiB. */
function superblock(bytes: bigint, inProgress = 0): Buffer {
  const start = Buffer.alloc(512)
  start.write('XFSB')
  start.writeUInt32BE(4096, 4)
  start.writeBigUInt64BE(bytes / 4096n, 8)
  start[126] = inProgress
  return start
}

describe('format', () => {
  it.each([
    ['a blank device', Buffer.alloc(512), []],
    ['what a killed mkfs.xfs left', superblock(DEVICE_BYTES, 1), ['-f']],
    // mkfs.xfs refuses it.
    ['a complete one', superblock(DEVICE_BYTES), []],
    ['another content with that byte', Buffer.alloc(512, 1), []],
  ])('of %s', async (_, start, force) => {
    const args = ['-q', '-K', ...force, '-L', 'a', '<device>']
    await using world = await scripted([{ command: 'mkfs.xfs', args }], start)
    await world.fileSystems.format('xfs', world.device, ['-L', 'a'], signal)
  })

  it('fails as the tool did', async () => {
    const command = { command: 'mkfs.xfs', args: ['-q', '-K', '<device>'], exitCode: 1, stderr: 'in use' }
    await using world = await scripted([command])
    const formatting = world.fileSystems.format('xfs', world.device, [], signal)
    await expect(formatting).rejects.toMatchObject({ exitCode: 1, stderr: 'in use' })
  })
})

it('needs no tool before a mount', async () => {
  await using world = await scripted([], superblock(DEVICE_BYTES / 2n))
  await world.fileSystems.check('xfs', world.device, signal)
  await world.fileSystems.growUnmounted('xfs', world.device, signal)
  expect(await world.fileSystems.renew('xfs', world.device, signal)).toBeUndefined()
})

it.each([
  [0, { isClean: true, report: 'Phase 1' }],
  [1, { isClean: false, report: 'Phase 1' }],
])('verify: exit code %d', async (exitCode, verdict) => {
  const command = { command: 'xfs_repair', args: ['-n', '<device>'], exitCode, stdout: 'Phase 1\n' }
  await using world = await scripted([command])
  expect(await world.fileSystems.verify('xfs', world.device, signal)).toEqual(verdict)
})

it('verify: exit code 2 is a log that must be replayed, which a run with -n does not ask for', async () => {
  await using world = await scripted([{ command: 'xfs_repair', args: ['-n', '<device>'], exitCode: 2 }])
  await expect(world.fileSystems.verify('xfs', world.device, signal)).rejects.toMatchObject({ exitCode: 2 })
})

describe('growth', () => {
  it('is by the mount point', async () => {
    await using world = await scripted([{ command: 'xfs_growfs', args: ['-d', '/mnt'] }])
    await world.fileSystems.grow('xfs', world.device, '/mnt', signal)
  })

  it('fails as the tool did', async () => {
    await using world = await scripted([{ command: 'xfs_growfs', args: ['-d', '/mnt'], exitCode: 1 }])
    const growing = world.fileSystems.grow('xfs', world.device, '/mnt', signal)
    await expect(growing).rejects.toMatchObject({ exitCode: 1 })
  })

  it.each([
    ['none', DEVICE_BYTES, false],
    ['less than the smallest allocation group', DEVICE_BYTES - 63n * 4096n, false],
    ['the smallest allocation group', DEVICE_BYTES - 64n * 4096n, true],
  ])('has room: %s', async (_, bytes, hasRoom) => {
    await using world = await scripted([], superblock(bytes))
    expect(await world.fileSystems.hasRoomToGrow('xfs', world.device)).toBe(hasRoom)
  })
})
