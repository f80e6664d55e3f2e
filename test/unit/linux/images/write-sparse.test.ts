import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { dataRuns, writeSparse } from '../../../../src/linux/images/write-sparse.ts'

const block = (byte: number): Buffer => Buffer.alloc(4096, byte)
const [zero, one] = [block(0), block(1)]

describe('the parts of a piece that are not zeros', () => {
  it.each([
    ['nothing', [], 0, []],
    ['zeros', [zero, zero], 0, []],
    ['data', [one, one], 0, [[0, 8192]]],
    [
      'a hole within',
      [one, zero, one],
      0,
      [
        [0, 4096],
        [8192, 4096],
      ],
    ],
    ['a hole at the end', [one, zero], 0, [[0, 4096]]],
    ['half a block of zeros', [zero.subarray(2048), one], 2048, [[2048, 4096]]],
    ['a block with one byte', [Buffer.concat([zero.subarray(1), Buffer.of(1)])], 0, [[0, 4096]]],
    ['an end within a block', [zero, one.subarray(4000)], 0, [[4096, 96]]],
  ])('%s', (_, pieces, phase, expected) => {
    const runs = [...dataRuns(Buffer.concat(pieces), phase)].map(([start, run]) => [start, run.length])
    expect(runs).toEqual(expected)
  })
})

describe('a stream, written to a file', () => {
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
  })

  afterEach(() => rm(directory, { recursive: true }))

  // eslint-disable-next-line @typescript-eslint/require-await -- as a stream is
  async function* streamOf(content: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes)
  }

  it.each([1000, 4096, 10_000, 1 << 20])(
    'is the same, in pieces of %d bytes, and has holes',
    async (pieceBytes) => {
      const content = Buffer.concat([
        one,
        ...Array.from({ length: 60 }, () => zero),
        one.subarray(0, 7),
        zero,
      ])
      const path = join(directory, 'image')
      let progress = 0n
      const count = (bytes: bigint): void => {
        progress = bytes
      }
      const limit = BigInt(content.length)
      expect(await write(path, streamOf(content, pieceBytes), count)).toBe(limit)
      expect((await readFile(path)).equals(content)).toBe(true)
      expect((await stat(path)).blocks * 512).toBeLessThan(content.length / 4)
      expect(progress).toBe(limit)
    },
  )

  it('ends when the progress callback throws', async () => {
    const stop = (): never => {
      throw new Error('enough')
    }
    await expect(write(join(directory, 'image'), streamOf(one, 1000), stop)).rejects.toThrow('enough')
  })

  async function write(
    path: string,
    stream: AsyncIterable<Buffer>,
    onProgress: (bytes: bigint) => void,
  ): Promise<bigint> {
    await using handle = await open(path, 'wx')
    return await writeSparse({ handle, path }, stream, onProgress)
  }
})
