import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { refusal } from '../../support/refusal.ts'
import { Steps } from '../../support/seam/steps.ts'
import { MiB, TestVolume, mountCapability } from '../../support/volume.ts'

/** Long enough for whoever could write in that time to have written. */
const HEAD_START_MS = 2000

describeRoot('a volume that gives back what it never wrote', () => {
  let node: TestNode
  let steps: Steps

  beforeEach(async () => {
    node = await TestNode.make()
    steps = new Steps(node)
    await node.start({ within: steps.within })
  })

  afterEach(() => node[Symbol.asyncDispose]())

  it('loses nothing of what is written when its caller gives up', async () => {
    const volume = await new TestVolume(node, 'data', {
      capability: mountCapability('xfs'),
      bytes: 320 * MiB,
      parameters: { provisioning: 'thick' },
    }).create()
    await volume.stage()
    await steps.holdAt('punch 1')
    const caller = new AbortController()
    const request = { volumeId: volume.id, mutableParameters: { provisioning: 'thin' } }
    const modified = node.client.controller.controllerModifyVolume(request, { signal: caller.signal })
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
