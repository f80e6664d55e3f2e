import { readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { CopyProgress, ImageCopier } from '../../src/volumes/model/ports/image-copier.ts'
import {
  allocated,
  BLOCK_BYTES,
  Dice,
  expectEqual,
  fill,
  makeFragmented,
  makeSparse,
  punch,
} from '../support/images.ts'
import { tool } from '../tool.ts'

export interface ImageCopierWorld extends AsyncDisposable {
  readonly copier: ImageCopier
  /** An empty directory. */
  readonly directory: string
}

const MIB = 1 << 20
/** A block; an xfs, which is what shares blocks here, allocates up to this much at a time. */
const SLACK = { sharing: 128 << 10, other: 4096 }
const { signal } = new AbortController()
const ignore = () => undefined

/** Images of all kinds; each makes an absent file. */
const kinds: Readonly<Record<string, (path: string) => Promise<void>>> = {
  'an empty one': (path) => makeSparse(path, 0),
  'one that is all hole': (path) => makeSparse(path, 100 * MIB),
  'a sparse one': async (path) => {
    await makeSparse(path, 100 * MIB)
    await fill(path, 0, 5 * MIB, 1)
    await fill(path, 40 * MIB + 4096, 3 * 4096, 2)
    await fill(path, 90 * MIB, 2 * MIB, 3)
  },
  'one whose size is no multiple of anything': async (path) => {
    await makeSparse(path, 3 * MIB + 1234)
    await fill(path, 2 * MIB, MIB + 1234, 4)
  },
  'a fragmented one': (path) => makeFragmented(path, 3000),
  'a thick one, with little written': async (path) => {
    await tool('fallocate', '--length', `${20 * MIB}`, path)
    await fill(path, 7 * MIB, MIB, 5)
  },
}

/**
 * What every ImageCopier does.
 * @param sharing whether the file system of the world shares blocks
 */
export function describeImageCopier(
  name: string,
  sharing: boolean,
  makeWorld: () => Promise<ImageCopierWorld>,
): void {
  describe(`${name} as ImageCopier`, () => {
    let world: ImageCopierWorld
    let copier: ImageCopier
    let source: string
    let target: string

    beforeEach(async () => {
      world = await makeWorld()
      copier = world.copier
      source = join(world.directory, 'source')
      target = join(world.directory, 'target')
    })

    afterEach(async () => {
      await world[Symbol.asyncDispose]()
    })

    const copy = () => copier.copy(source, target, ignore, signal)
    const update = () => copier.update(source, target, signal)
    const slack = sharing ? SLACK.sharing : SLACK.other

    async function makeImage(bytes = 8 * MIB): Promise<void> {
      await makeSparse(source, bytes)
      await fill(source, MIB, 2 * MIB, 1)
    }

    it.each(Object.entries(kinds))('copies %s', async (_, make) => {
      await make(source)
      await copy()
      await expectEqual(source, target)
      expect((await stat(target)).size).toBe((await stat(source)).size)
    })

    it.each(Object.entries(kinds))(
      'tells whether it could share %s, and leaves no target',
      async (_, make) => {
        await make(source)
        expect(await copier.canShare(source, target)).toBe(sharing)
        await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
      },
    )

    if (sharing) {
      it.each(Object.entries(kinds))('shares %s, and again when it has changed', async (_, make) => {
        await make(source)
        expect(await copier.share(source, target)).toBe(true)
        await expectEqual(source, target)
        await fill(source, 0, 5000, 9)
        expect(await copier.shareAgain(source, target)).toBe(true)
        await expectEqual(source, target)
      })

      it.each(Object.entries(kinds))('copies %s to blocks that are not shared', async (_, make) => {
        await make(source)
        await copy()
        expect(await sharedExtents(target)).toEqual([])
        await fill(source, 0, 5000, 9)
        await update()
        expect(await sharedExtents(target)).toEqual([])
      })

      it('neither overwrites nor removes the target of a share', async () => {
        await makeImage()
        await makeSparse(target, 5)
        await expect(copier.share(source, target)).rejects.toMatchObject({ code: 'EEXIST' })
        expect((await stat(target)).size).toBe(5)
      })
    } else {
      it('shares nothing, and leaves no target', async () => {
        await makeImage()
        expect(await copier.share(source, target)).toBe(false)
        await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
      })
    }

    it.each(['a sparse one', 'a fragmented one'])('keeps holes: %s', async (kind) => {
      await kinds[kind]?.(source)
      await copy()
      const wanted = await allocated(source)
      expect(Math.abs((await allocated(target)) - wanted)).toBeLessThanOrEqual(wanted / 100)
    })

    it('neither overwrites nor removes a target', async () => {
      await makeImage()
      await makeSparse(target, 5)
      await expect(copy()).rejects.toMatchObject({ code: 'EEXIST' })
      expect((await stat(target)).size).toBe(5)
    })

    it('leaves no target for a cancelled call', async () => {
      await makeImage()
      await expect(copier.copy(source, target, ignore, AbortSignal.abort())).rejects.toThrow()
      await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('stops in the middle when the caller gives up, and leaves no target', async () => {
      await makeSparse(source, 200 * MIB)
      await fill(source, 0, 200 * MIB, 1)
      const giving = new AbortController()
      const reports: CopyProgress[] = []
      const copying = copier.copy(
        source,
        target,
        (progress) => {
          reports.push(progress)
          giving.abort()
        },
        giving.signal,
      )
      await expect(copying).rejects.toThrow('aborted')
      expect(reports.at(-1)?.copiedBytes).toBeLessThan(BigInt(200 * MIB))
      await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('reports progress without holes', async () => {
      await makeImage()
      const reports: CopyProgress[] = []
      await copier.copy(source, target, (progress) => reports.push(progress), signal)
      expect(reports.at(-1)).toEqual({ copiedBytes: BigInt(2 * MIB), totalBytes: BigInt(2 * MIB) })
    })

    it('writes only what differs', async () => {
      await makeImage()
      await copy()
      expect(await update()).toBe(0n)
      await fill(source, 2 * MIB + 5, 10, 2)
      expect(await update()).toBe(4096n)
      await expectEqual(source, target)
    })

    it.each<[string, () => Promise<void>]>([
      ['written to', () => fill(source, 3 * MIB - 5, 4096, 9)],
      ['written to where it had a hole', () => fill(source, 5 * MIB + 7, 300_000, 9)],
      ['given a hole', () => punch(source, MIB, MIB)],
      ['grown', () => truncate(source, 9 * MIB + 17)],
      ['made smaller', () => truncate(source, 2 * MIB + 17)],
    ])('brings a copy up to date with a source that was %s', async (_, change) => {
      await makeImage()
      await copy()
      await change()
      await update()
      await expectEqual(source, target)
      expect(Math.abs((await allocated(target)) - (await allocated(source)))).toBeLessThanOrEqual(slack)
    })

    it("copies data behind the target's end from a grown source, in addition to the known changes", async () => {
      await makeImage()
      await copy()
      await truncate(source, 9 * MIB + 17)
      await fill(source, 8 * MIB, 5000, 9)
      await copier.updateWithin(source, target, [], signal)
      await expectEqual(source, target)
    })

    it('brings a copy up to date after many changes of both', async () => {
      const dice = new Dice(7)
      const bytes = 6 * MIB + 123
      await makeImage(bytes)
      await copy()
      for (let round = 0; round < 30; round++) {
        for (let change = dice.roll(6); change >= 0; change--) {
          await dice.change(dice.roll(3) === 0 ? target : source, bytes)
        }
        await update()
        await expectEqual(source, target)
      }
    })

    it('brings a fragmented copy up to date after many changes of both', async () => {
      const dice = new Dice(11)
      await makeFragmented(source, 2000)
      await copy()
      for (let round = 0; round < 3; round++) {
        for (let change = 0; change < 10; change++) {
          await dice.change(dice.roll(3) === 0 ? target : source, 2000 * 4 * BLOCK_BYTES)
        }
        await update()
        await expectEqual(source, target)
        const difference = Math.abs((await allocated(target)) - (await allocated(source)))
        expect(difference).toBeLessThanOrEqual(10 * slack)
      }
    })

    it('does not change the source', async () => {
      await makeImage()
      const before = await readFile(source)
      await copy()
      await fill(target, MIB, 4096, 7)
      await update()
      expect((await readFile(source)).equals(before)).toBe(true)
    })
  })
}

/** The lines of filefrag(8) for the extents that are shared with another file. */
async function sharedExtents(path: string): Promise<string[]> {
  return (await tool('filefrag', '-v', '-s', path)).split('\n').filter((line) => line.includes('shared'))
}
