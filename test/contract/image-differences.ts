import { readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Extent, ImageCopier } from '../../src/volumes/model/ports/image-copier.ts'
import { copyImage } from '../../src/volumes/snapshots/restore.ts'
import { Dice, fill, makeSparse, punch } from '../support/images.ts'
import type { ImageCopierWorld } from './image-copier.ts'

const KIB = 1 << 10
const MIB = 1 << 20
const GRANULE = 64 * KIB
const { signal } = new AbortController()

/** What every ImageCopier reports about images. */
export function describeImageDifferences(name: string, makeWorld: () => Promise<ImageCopierWorld>): void {
  describe(`${name} as ImageCopier`, () => {
    let world: ImageCopierWorld
    let copier: ImageCopier
    let base: string
    let target: string

    beforeEach(async () => {
      world = await makeWorld()
      copier = world.copier
      base = join(world.directory, 'base')
      target = join(world.directory, 'target')
      await makeSparse(base, 8 * MIB)
      await fill(base, MIB, 2 * MIB, 1)
    })

    afterEach(async () => {
      await world[Symbol.asyncDispose]()
    })

    const extents = (from: number) => collect(copier.extents(base, BigInt(from), signal))
    const differences = (from = 0) => collect(copier.differences(base, target, BigInt(from), signal))
    const copy = () => copyImage(copier, base, target, 'thin', () => undefined, signal)

    it('reports where there is data', async () => {
      await fill(base, 7 * MIB, MIB, 2)
      expect(await extents(0)).toEqual([extent(MIB, 2 * MIB), extent(7 * MIB, MIB)])
      expect(await extents(3 * MIB)).toEqual([extent(7 * MIB, MIB)])
      expect(await extents(8 * MIB)).toEqual([])
      const [first] = await extents(2 * MIB)
      expect(first && first.offset + first.length).toBe(BigInt(3 * MIB))
    })

    it('finds no difference in a copy', async () => {
      await copy()
      expect(await differences()).toEqual([])
    })

    it('lists differences in whole granules, joined', async () => {
      await copy()
      await fill(target, 2 * MIB + 5, GRANULE, 9)
      await punch(target, MIB, 4 * KIB)
      await fill(base, 6 * MIB, 1, 1)
      expect(await differences()).toEqual([
        extent(MIB, GRANULE),
        extent(2 * MIB, 2 * GRANULE),
        extent(6 * MIB, GRANULE),
      ])
    })

    it('treats zeros and a hole as equal', async () => {
      await copy()
      await fill(target, 5 * MIB, MIB, 0)
      expect(await differences()).toEqual([])
    })

    it('lists what a grown target has behind the end of the base', async () => {
      await copy()
      await truncate(target, 9 * MIB + 5)
      await fill(target, 9 * MIB, 5, 3)
      expect(await differences()).toEqual([extent(9 * MIB, 5)])
    })

    it('reads nothing behind the end of a smaller target', async () => {
      await copy()
      await truncate(target, 2 * MIB + 1000)
      await fill(target, 2 * MIB, 1000, 3)
      expect(await differences()).toEqual([extent(2 * MIB, 1000)])
    })

    it('agrees with a comparison of all bytes, from everywhere', async () => {
      const dice = new Dice(11)
      await copy()
      for (let round = 0; round < 20; round++) {
        await dice.change(dice.roll(2) === 0 ? base : target, 8 * MIB)
        const [a, b] = await Promise.all([readFile(base), readFile(target)])
        const from = dice.roll(8 * MIB)
        expect(await differences()).toEqual(bruteForce(a, b, 0))
        expect(await differences(from)).toEqual(bruteForce(a, b, from))
        if (round % 5 === 4) await copier.update(base, target, signal)
      }
    })

    it('ends when the caller gives up', async () => {
      await makeSparse(target, 8 * MIB)
      const aborted = AbortSignal.abort(new Error('the caller went away'))
      await expect(collect(copier.differences(base, target, 0n, aborted))).rejects.toThrow('went away')
      await expect(collect(copier.extents(base, 0n, aborted))).rejects.toThrow('went away')
    })
  })
}

async function collect(extents: AsyncIterable<Extent>): Promise<Extent[]> {
  const all: Extent[] = []
  for await (const one of extents) all.push(one)
  return all
}

function extent(offset: number, length: number): Extent {
  return { offset: BigInt(offset), length: BigInt(length) }
}

/** The granules, cut at `from`, in which a byte differs. */
function bruteForce(a: Buffer, b: Buffer, from: number): Extent[] {
  const runs: { start: number; end: number }[] = []
  for (let start = from, end; start < b.length; start = end) {
    end = Math.min((Math.floor(start / GRANULE) + 1) * GRANULE, b.length)
    if (a.subarray(start, end).equals(b.subarray(start, end))) continue
    const last = runs.at(-1)
    if (last?.end === start) last.end = end
    else runs.push({ start, end })
  }
  return runs.map(({ start, end }) => extent(start, end - start))
}
