import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { LinuxImageFiles } from '../../../../../src/linux/images/image-files.ts'
import { Ballast } from '../../../../../src/volumes/pool/files/ballast.ts'
import { FakeErrno } from '../../../../fakes/errno.ts'

const MiB = 1 << 20

describe('the ballast of a pool', () => {
  let pool: string
  let ballast: Ballast

  beforeEach(async () => {
    pool = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    ballast = new Ballast(pool, new LinuxImageFiles())
  })

  afterEach(async () => {
    await rm(pool, { recursive: true })
  })

  const bytes = async (): Promise<number> => (await stat(join(pool, '.ballast'))).blocks * 512
  const needing = (times: number) => () =>
    times-- > 0 ? Promise.reject(new FakeErrno('ENOSPC', 'rename')) : Promise.resolve('done')

  it('gives its space to work that finds none, and takes it again', async () => {
    await ballast.restore()
    expect(await bytes()).toBe(MiB)
    expect(await ballast.backing(needing(1))).toBe('done')
    expect(await bytes()).toBe(0)
    await ballast.restore()
    expect(await bytes()).toBe(MiB)
    await new Ballast(pool, new LinuxImageFiles()).restore()
    expect(await bytes()).toBe(MiB)
  })

  it('cannot help twice', async () => {
    await ballast.restore()
    await expect(ballast.backing(needing(2))).rejects.toThrow('ENOSPC')
    await expect(ballast.backing(needing(1))).rejects.toThrow('ENOSPC')
  })

  it('helps with nothing else, nor where it is missing', async () => {
    await expect(ballast.backing(needing(1))).rejects.toThrow('ENOSPC')
    await ballast.restore()
    const failing = () => Promise.reject(new FakeErrno('EIO', 'rename'))
    await expect(ballast.backing(failing)).rejects.toThrow('EIO')
    expect(await bytes()).toBe(MiB)
  })

  it.each(['ENOSPC', 'EROFS'])('is not taken where that fails with %s', async (code) => {
    const files = Object.assign(new LinuxImageFiles(), {
      create: () => Promise.reject(new FakeErrno(code, 'open')),
    })
    await new Ballast(pool, files).restore()
    expect(await readdir(pool)).toEqual([])
  })
})
