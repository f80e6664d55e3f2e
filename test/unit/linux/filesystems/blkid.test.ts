import { describe, expect, it } from '@jest/globals'
import { scripted } from './scripted.ts'

const { signal } = new AbortController()
const blkid = { command: 'blkid', args: ['-p', '-o', 'export', '<device>'] }
const blank = { type: undefined, partitionTable: undefined, uuid: undefined, unfinished: false }

/** What a device begins with that has an XFS. */
function xfs(inProgress: number): Buffer {
  const start = Buffer.alloc(512)
  start.write('XFSB')
  start[126] = inProgress
  return start
}

describe('probe', () => {
  it.each([
    ['a file system', 'UUID=a-b\nTYPE=ext4\n', { ...blank, type: 'ext4', uuid: 'a-b' }],
    ['a partition table', 'PTTYPE=dos\n', { ...blank, partitionTable: 'dos' }],
    ['a type that volumes cannot have', 'TYPE=swap\n', { ...blank, type: 'swap' }],
    ['a value with characters that a shell interprets', 'TYPE=a\\ b\n', { ...blank, type: 'a b' }],
  ])('finds %s', async (_, stdout, found) => {
    await using world = await scripted([{ ...blkid, stdout }])
    expect(await world.fileSystems.probe(world.device, signal)).toEqual(found)
  })

  it.each([
    [0, false],
    [1, true],
  ])('sees the mark of an unfinished xfs: %d', async (inProgress, unfinished) => {
    await using world = await scripted([{ ...blkid, stdout: 'TYPE=xfs\n' }], xfs(inProgress))
    expect(await world.fileSystems.probe(world.device, signal)).toEqual({ ...blank, type: 'xfs', unfinished })
  })

  it('treats a readable device as blank when blkid finds nothing', async () => {
    await using world = await scripted([{ ...blkid, exitCode: 2 }])
    expect(await world.fileSystems.probe(world.device, signal)).toEqual(blank)
  })

  it.each([
    ['nothing, where there is a superblock', { exitCode: 2 }, 'the superblock is damaged'],
    ['several file systems', { exitCode: 8 }, 'contradict each other'],
    [
      'something without a name',
      { stdout: 'LABEL=a\n' },
      'reports no type for the content of a device (LABEL)',
    ],
    ['no tags at all', { stdout: '\n' }, 'no tags'],
  ])('refuses a device on which blkid finds %s', async (_, result, message) => {
    await using world = await scripted([{ ...blkid, ...result }], xfs(0))
    const probing = world.fileSystems.probe(world.device, signal)
    await expect(probing).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: expect.stringContaining(message),
    })
  })

  it.each([[1], [4], [127], [null]])('fails as blkid did: exit code %s', async (exitCode) => {
    await using world = await scripted([{ ...blkid, exitCode }])
    await expect(world.fileSystems.probe(world.device, signal)).rejects.toMatchObject({ exitCode })
  })
})

it.each([
  ['BLOCK_SIZE=1024\nTYPE=ext4\n', 1024],
  ['TYPE=ext4\n', undefined],
])('reads the size of blocks in %j', async (stdout, expected) => {
  await using world = await scripted([{ ...blkid, stdout }])
  expect(await world.fileSystems.blockBytes(world.device, signal)).toBe(expected)
})
