import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { refusal } from '../../support/refusal.ts'
import type { Steps } from '../../support/seam/steps.ts'
import { useTestNodeWithSteps } from '../../support/use-test-node.ts'
import { MiB, TestVolume, mountCapability } from '../../support/volume.ts'

/** Long enough for any write in that time to have happened. */
const HEAD_START_MS = 2000

describeRoot('a volume that frees blocks that were never written', () => {
  let node: TestNode
  let steps: Steps

  useTestNodeWithSteps((started, itsSteps) => {
    node = started
    steps = itsSteps
  })

  it('loses no writes when its call is cancelled', async () => {
    const volume = await new TestVolume(node, 'data', {
      capability: mountCapability('xfs'),
      bytes: 320 * MiB,
      parameters: { provisioning: 'thick' },
    }).create()
    await volume.stage()
    await steps.holdAt('punch 1')
    const caller = new AbortController()
    const modified = volume.modify({ provisioning: 'thin' }, { signal: caller.signal })
    const ended = expect(modified).rejects.toMatchObject(refusal('CANCELLED', /./))
    await steps.reached()
    caller.abort()
    await ended
    const content = randomBytes(200 * MiB)
    const file = join(volume.staging, 'file')
    const written = writeFile(file, content, { flush: true })
    await Promise.race([written, setTimeout(HEAD_START_MS)])
    await steps.release()
    await written
    // What is read must come from the image, not from the page cache.
    await volume.unstage()
    await volume.stage()
    expect((await readFile(file)).equals(content)).toBe(true)
  })
})
