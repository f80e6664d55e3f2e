import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { LinuxImageCopier } from '../../../../src/linux/images/image-copier.ts'
import { Gate } from '../../../../src/volumes/pool/gate/gate.ts'
import { BLOCK_BYTES, makeFragmented, makeSparse } from '../../../support/images.ts'

class CountingGate extends Gate {
  turns = 0

  override run<T>(call: () => Promise<T>): Promise<T> {
    this.turns++
    return super.run(call)
  }
}

/** How often a copy has a turn while it makes holes of so many blocks. */
async function turnsForHoles(count: number): Promise<number> {
  await using held = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
  held.defer(() => rm(directory, { recursive: true }))
  const [source, target] = [join(directory, 'source'), join(directory, 'target')]
  await makeFragmented(target, count)
  await makeSparse(source, count * 4 * BLOCK_BYTES)
  const gate = new CountingGate({ pool: 'pool', path: directory })
  const { signal } = new AbortController()
  await gate.within(() => new LinuxImageCopier().update(source, target, signal))
  return gate.turns
}

it('punches a hole in a turn of its own', async () => {
  // One to find where its block begins, one for its end, one for the hole.
  expect((await turnsForHoles(4)) - (await turnsForHoles(3))).toBe(3)
})
