import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { withLoops } from '../../../../src/linux/loop/mount-loops.ts'
import { findMount, mountIdOf } from '../../../../src/linux/mountinfo/find-mount.ts'
import type { MountInfo } from '../../../../src/linux/mountinfo/mountinfo.ts'

describe('a bind mount of a device node that is deleted', () => {
  let directory: string
  let dev: MountInfo

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    const found = await findMount('/dev', mountIdOf)
    if (!found) throw new Error('/dev is no mount')
    dev = found
  })

  afterEach(() => rm(directory, { recursive: true }))

  const loopOf = async (target: string, name: string) =>
    (await withLoops([{ ...dev, id: -1, target, root: `/${name}//deleted` }]))[0]?.loop

  /** Of a file system that is dead, the errno is another one. */
  const unreadable = async (): Promise<string> => {
    const loop = join(directory, 'loop')
    await symlink(loop, loop)
    return join(loop, 'file')
  }

  it.each([
    ['loop7', { number: 7, as: 'node' }],
    ['loop7p1', undefined],
    ['sda', undefined],
  ])('counts by its name %s where its path cannot be read', async (name, loop) => {
    expect(await loopOf(await unreadable(), name)).toEqual(loop)
  })

  it('counts for none where its path does not exist', async () => {
    expect(await loopOf(join(directory, 'absent'), 'loop7')).toBeUndefined()
  })
})
