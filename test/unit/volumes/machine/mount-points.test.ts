import { lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { makeTarget, removeTarget } from '../../../../src/volumes/machine/mount-points.ts'

describe('removeTarget', () => {
  let directory: string
  let path: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-loop-'))
    path = join(directory, 'target')
  })

  afterEach(() => rm(directory, { recursive: true }))

  it.each(['directory', 'file'] as const)('removes a %s that makeTarget has created', async (kind) => {
    await makeTarget(path, kind)
    await removeTarget(path)
    await expect(lstat(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('accepts an empty request', async () => {
    await expect(removeTarget(path)).resolves.toBeUndefined()
  })

  it.each<[string, () => Promise<void>]>([
    ['a file with content', () => writeFile(path, 'precious')],
    ['a link', () => symlink('elsewhere', path)],
    [
      'a directory with something in it',
      async () => {
        await mkdir(join(path, 'something'), { recursive: true })
      },
    ],
  ])('leaves %s', async (_, make) => {
    await make()
    const before = await lstat(path)
    const refused = { kind: 'failed-precondition', message: expect.stringContaining(path) }
    await expect(removeTarget(path)).rejects.toMatchObject(refused)
    expect((await lstat(path)).ino).toBe(before.ino)
  })
})
