import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { transferInThread } from '../../../../src/linux/images/transfer.ts'
import { Gate } from '../../../../src/volumes/pool/gate/gate.ts'
import { BLOCK_BYTES, expectEqual, makeFragmented, makeSparse } from '../../../support/images.ts'

const EXTENTS = 10_000
const whole = { start: 0n, end: BigInt(EXTENTS * 4 * BLOCK_BYTES) }

describe('transferInThread', () => {
  let directory: string
  let source: FileHandle
  let target: FileHandle
  const path = (name: string): string => join(directory, name)

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    await makeFragmented(path('source'), EXTENTS)
    await makeSparse(path('target'), Number(whole.end))
    source = await open(path('source'), 'r')
    target = await open(path('target'), 'r+')
  })

  afterEach(async () => {
    await source.close()
    await target.close()
    await rm(directory, { recursive: true })
  })

  const files = () =>
    [{ handle: source, path: path('source') }, { handle: target, path: path('target') }, true] as const

  it('reports after each step what it has written', async () => {
    const steps: bigint[] = []
    const { signal } = new AbortController()
    for await (const bytes of transferInThread(...files(), [whole], signal)) steps.push(bytes)
    expect(steps.length).toBeGreaterThan(1)
    expect(steps.reduce((sum, bytes) => sum + bytes, 0n)).toBe(BigInt(EXTENTS * BLOCK_BYTES))
    await expectEqual(path('source'), path('target'))
  })

  it('ends between two steps when the caller gives up', async () => {
    const giving = new AbortController()
    const transferring = async (): Promise<void> => {
      for await (const bytes of transferInThread(...files(), [whole], giving.signal)) {
        expect(bytes).toBeLessThan(EXTENTS * BLOCK_BYTES)
        giving.abort()
      }
    }
    await expect(transferring()).rejects.toThrow('aborted')
  })

  it('ends when the pool does not answer any more, and does not keep it from coming back', async () => {
    const never = Promise.withResolvers<undefined>()
    const gate = new Gate({ pool: 'slow', path: '/slow', patienceMs: 20, probe: () => never.promise })
    const found = Promise.withResolvers<undefined>()
    gate.watch(
      () => undefined,
      () => {
        found.resolve(undefined)
      },
    )
    const unreachable = { reason: 'PoolNotAnswering' }
    const ended = Promise.withResolvers<unknown>()
    const transferring = async (): Promise<void> => {
      const transfer = transferInThread(...files(), [whole], new AbortController().signal)
      const hang = () => gate.run(() => never.promise)
      // It hangs during the first step, or after it.
      const isRefused = expect(hang()).rejects.toMatchObject(unreachable)
      for await (const bytes of transfer) {
        expect(bytes).toBeLessThan(EXTENTS * BLOCK_BYTES)
        await isRefused
      }
    }
    const work = gate.within(() => transferring().then(ended.resolve, ended.resolve))
    await expect(work).rejects.toMatchObject(unreachable)
    expect(await ended.promise).toMatchObject(unreachable)
    never.resolve(undefined)
    await found.promise
    expect(gate.problem).toBeUndefined()
  })

  it('fails as the system call did', async () => {
    await target.close()
    target = await open(path('target'), 'r')
    const first = transferInThread(...files(), [whole], new AbortController().signal).next()
    await expect(first).rejects.toMatchObject({ code: 'EBADF' })
  })
})
