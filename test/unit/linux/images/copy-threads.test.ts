import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { LinuxImageCopier } from '../../../../src/linux/images/image-copier.ts'
import { expectEqual, makeFragmented } from '../../../support/images.ts'

const COPIES = 8
const ignore = () => undefined

/** By the name that Node gives them. */
async function threads(): Promise<number> {
  const names = (await readdir('/proc/self/task')).map((id) =>
    readFile(`/proc/self/task/${id}/comm`, 'latin1').catch(ignore),
  )
  return (await Promise.all(names)).filter((name) => name?.startsWith('WorkerThread')).length
}

it('copies many fragmented images at once with a few threads', async () => {
  await using held = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
  held.defer(() => rm(directory, { recursive: true }))
  const source = join(directory, 'source')
  await makeFragmented(source, 2000)
  const targets = Array.from({ length: COPIES }, (_, index) => join(directory, `target-${index}`))
  const { signal } = new AbortController()
  const before = await threads()
  const copying = { isDone: false, most: 0 }
  const copies = Promise.all(
    targets.map((target) => new LinuxImageCopier().copy(source, target, ignore, signal)),
  ).finally(() => (copying.isDone = true))
  while (!copying.isDone) {
    copying.most = Math.max(copying.most, (await threads()) - before)
    await setImmediate()
  }
  await copies
  expect(copying.most).toBeGreaterThan(0)
  expect(copying.most).toBeLessThanOrEqual(4)
  for (const target of targets) await expectEqual(source, target)
})
