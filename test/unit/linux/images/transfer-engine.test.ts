import { mkdtempDisposable, open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { FileInProcess, FileOnThread, type FileCalls } from '../../../../src/linux/images/file-calls.ts'
import { TransferEngine } from '../../../../src/linux/images/transfer-engine.ts'
import { inProcess, onThread } from '../../../../src/linux/images/work.ts'
import { SystemCallError } from '../../../../src/linux/libc.ts'
import { constants } from 'node:os'
import { allocated, fill, makeSparse } from '../../../support/images.ts'

const MIB = 1 << 20
const SIZE = 40 * MIB

interface World extends AsyncDisposable {
  readonly sourcePath: string
  readonly targetPath: string
  readonly source: FileCalls
  readonly target: FileCalls
  run(engine: TransferEngine): Promise<{ pieces: string[]; bytes: bigint }>
}

/** Two files, which differ in all ways that there are. */
async function makeWorld(way: 'process' | 'thread'): Promise<World> {
  await using undo = new AsyncDisposableStack()
  const directory = undo.use(await mkdtempDisposable(join(tmpdir(), 'csi-driver-loop-')))
  const [sourcePath, targetPath] = [join(directory.path, 'source'), join(directory.path, 'target')]
  await makeSparse(sourcePath, SIZE)
  await makeSparse(targetPath, SIZE)
  await fill(sourcePath, 0, 20 * MIB, 1)
  await fill(targetPath, 18 * MIB, 4 * MIB, 2)
  const source = undo.use(await open(sourcePath, 'r'))
  const target = undo.use(await open(targetPath, 'r+'))
  const calls = (handle: typeof source, path: string): FileCalls =>
    way === 'process' ? new FileInProcess({ handle, path }) : new FileOnThread({ fd: handle.fd, path })
  const done = undo.move()
  return {
    sourcePath,
    targetPath,
    source: calls(source, sourcePath),
    target: calls(target, targetPath),
    async run(engine) {
      const pieces: string[] = []
      let bytes = 0n
      const walk = engine.pieces({ start: 0n, end: BigInt(SIZE) })
      const next = () => (way === 'process' ? inProcess(walk.next()) : onThread(walk.next()))
      for (let piece = await next(); piece; piece = await next()) {
        const work = engine.transfer(piece)
        bytes += way === 'process' ? await inProcess(work) : onThread(work)
        const kind = `${piece.inSource ? 'data' : 'hole'} ${piece.inTarget ? 'data' : 'hole'}`
        if (pieces.at(-1) !== kind) pieces.push(kind)
      }
      return { pieces, bytes }
    },
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  }
}

describe.each(['process', 'thread'] as const)('TransferEngine with the calls of a %s', (way) => {
  it.each([
    ['inside of the kernel', true],
    ['by reading and writing', false],
  ])('makes the files equal, %s', async (_, insideKernel) => {
    await using world = await makeWorld(way)
    const engine = new TransferEngine(world.source, world.target, insideKernel)
    const { bytes, pieces } = await world.run(engine)
    expect(pieces).toEqual(['data hole', 'data data', 'hole data', 'hole hole'])
    expect(bytes).toBe(BigInt(20 * MIB))
    const [source, target] = [await readFile(world.sourcePath), await readFile(world.targetPath)]
    expect(target.equals(source)).toBe(true)
    expect(await allocated(world.targetPath)).toBeLessThan(21 * MIB)
  })

  it('reads and writes where the kernel cannot copy, and does not try again', async () => {
    await using world = await makeWorld(way)
    let asked = 0
    const refuse = () => {
      asked++
      const error = new SystemCallError('copy_file_range', constants.errno.EXDEV, 'copy')
      if (way === 'process') return Promise.reject(error)
      throw error
    }
    Object.assign(world.source, { copyTo: refuse })
    const { bytes } = await world.run(new TransferEngine(world.source, world.target, true))
    expect(bytes).toBe(BigInt(20 * MIB))
    expect(asked).toBe(1)
    const [source, target] = [await readFile(world.sourcePath), await readFile(world.targetPath)]
    expect(target.equals(source)).toBe(true)
  })

  it('copies no more than 16 MiB in a piece, and compares no more than 512 KiB', async () => {
    await using world = await makeWorld(way)
    const walk = new TransferEngine(world.source, world.target, true).pieces({ start: 0n, end: BigInt(SIZE) })
    const next = () => (way === 'process' ? inProcess(walk.next()) : onThread(walk.next()))
    for (let piece = await next(); piece; piece = await next()) {
      if (!piece.inSource && !piece.inTarget) continue
      const most = piece.inSource && piece.inTarget ? MIB / 2 : 16 * MIB
      expect(piece.end - piece.start).toBeLessThanOrEqual(most)
    }
  })
})
