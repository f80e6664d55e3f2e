import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { nothing } from '../../support/leftovers.ts'
import { eventually } from '../../support/eventually.ts'
import { refusal } from '../../support/refusal.ts'
import { TestSnapshot, snapshotIds } from '../../support/snapshot.ts'
import type { Steps } from '../../support/seam/steps.ts'
import { useTestNodeWithSteps } from '../../support/use-test-node.ts'
import { TestVolume } from '../../support/volume.ts'

describeRoot('a copy that takes longer than its caller waits', () => {
  let node: TestNode
  let steps: Steps
  let volume: TestVolume

  useTestNodeWithSteps((started, itsSteps) => {
    node = started
    steps = itsSteps
  })

  beforeEach(async () => {
    volume = await new TestVolume(node, 'data').create()
    await volume.stage()
    await writeFile(join(volume.staging, 'note'), 'kept', { flush: true })
  })

  const listed = async (): Promise<string[]> => {
    const { entries } = await node.client.controller.listVolumes({})
    return [...entries.map(({ volume }) => volume?.volumeId ?? ''), ...(await snapshotIds(node))].sort()
  }

  describe.each([
    ['a snapshot', () => new TestSnapshot(node, 's', volume)],
    ['a clone', () => new TestVolume(node, 'copy', { source: volume.asSource })],
  ])('%s', (_, make) => {
    it.each(['FICLONERANGE 1', 'rename 1'])(
      'goes on behind %s, is not listed, and is what the repeated call gets',
      async (step) => {
        const copy = make()
        await steps.holdAt(step)
        const caller = new AbortController()
        const first = copy.create({ signal: caller.signal })
        first.catch(() => undefined)
        await steps.reached()
        caller.abort()
        await expect(first).rejects.toMatchObject(refusal('CANCELLED', /./))
        expect(await listed()).toEqual([volume.id])
        const second = copy.create()
        await steps.release()
        await second
        expect(await listed()).toEqual([volume.id, copy.id].sort())
        expect(node.driver.log.filter(({ msg }) => msg === 'made a consistent copy')).toHaveLength(1)
        await end(copy)
      },
    )

    it('starts over with the next call when the driver was killed', async () => {
      const copy = make()
      await steps.holdAt('FICLONERANGE 1')
      const first = copy.create()
      first.catch(() => undefined)
      await steps.reached()
      await node.driver.end('SIGKILL')
      await expect(first).rejects.toMatchObject(refusal('UNAVAILABLE', /./))
      await steps.release()
      await node.start({ within: steps.within })
      expect(await listed()).toEqual([volume.id])
      await copy.create()
      expect(await listed()).toEqual([volume.id, copy.id].sort())
      await end(copy)
    })

    it('ends the waiting call when the driver is stopped', async () => {
      const copy = make()
      await steps.holdAt('FICLONERANGE 1')
      const waiting = copy.create()
      waiting.catch(() => undefined)
      await steps.reached()
      const stopped = node.driver.end('SIGTERM')
      await eventually('the driver is stopping', () => {
        expect(node.driver.log).toContainEqual(expect.objectContaining({ msg: 'stopping' }))
        return Promise.resolve()
      })
      await steps.release()
      await expect(waiting).rejects.toMatchObject(refusal('UNAVAILABLE', /the driver is stopping/))
      expect(await stopped).toMatchObject({ code: 0, signal: null, stderr: '' })
      await node.start()
      expect(await listed()).toEqual([volume.id])
    })

    it('is cancelled, and nothing stays frozen, when the driver is told to stop', async () => {
      const copy = make()
      await steps.holdAt('FIFREEZE 1')
      const caller = new AbortController()
      const first = copy.create({ signal: caller.signal })
      first.catch(() => undefined)
      await steps.reached()
      caller.abort()
      const stopped = node.driver.end('SIGTERM')
      await steps.release()
      expect(await stopped).toMatchObject({ code: 0, signal: null, stderr: '' })
      expect(node.driver.log.filter(({ msg }) => msg === 'made a consistent copy')).toEqual([])
      await writeFile(join(volume.staging, 'note'), 'written', { flush: true })
      await node.start()
      expect(await listed()).toEqual([volume.id])
      await copy.create()
      await end(copy)
    })
  })

  it('is cancelled by the deletion of the object that it creates', async () => {
    const snapshot = await new TestSnapshot(node, 's', volume).create()
    await snapshot.delete()
    await steps.holdAt('FICLONERANGE 1')
    const made = snapshot.create()
    made.catch(() => undefined)
    await steps.reached()
    const deleted = snapshot.delete()
    await steps.release()
    await expect(made).rejects.toMatchObject(refusal('ABORTED', /was deleted while it was made/))
    await deleted
    expect(await listed()).toEqual([volume.id])
  })

  async function end(copy: TestSnapshot | TestVolume): Promise<void> {
    expect(await readFile(join(volume.staging, 'note'), 'utf8')).toMatch(/kept|written/)
    await copy[Symbol.asyncDispose]()
    await volume[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
  }
})
