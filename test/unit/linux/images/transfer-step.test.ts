import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { FileOnThread } from '../../../../src/linux/images/file-calls.ts'
import { TransferEngine, transferStep } from '../../../../src/linux/images/transfer-engine.ts'
import { BLOCK_BYTES, expectEqual, makeFragmented, makeSparse } from '../../../support/images.ts'

const BLOCKS = 5

it('does one extent in a step for which there is no time', async () => {
  await using held = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
  held.defer(() => rm(directory, { recursive: true }))
  const [from, to] = [join(directory, 'source'), join(directory, 'target')]
  const end = BigInt(BLOCKS * 4 * BLOCK_BYTES)
  await makeFragmented(from, BLOCKS)
  await makeSparse(to, Number(end))
  const source = held.use(await open(from, 'r'))
  const target = held.use(await open(to, 'r+'))
  const engine = new TransferEngine(
    new FileOnThread({ fd: source.fd, path: from }),
    new FileOnThread({ fd: target.fd, path: to }),
    true,
  )
  const ends: bigint[] = []
  for (let start = 0n; start < end; start = ends.at(-1) ?? end)
    ends.push(transferStep(engine, { start, end }, 0).end)
  // A block of data, and the hole behind it, and so on.
  expect(ends).toHaveLength(2 * BLOCKS)
  await expectEqual(from, to)
})
