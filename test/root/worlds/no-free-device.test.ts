import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { healthOnNode, storageHealth } from '../../support/health.ts'
import { withHook } from '../../support/hook.ts'
import { nothing } from '../../support/leftovers.ts'
import { Pages } from '../../support/pages.ts'
import { refusal } from '../../support/refusal.ts'
import { TestVolume, blockCapability } from '../../support/volume.ts'

describeRoot('a machine whose loop devices are all taken', () => {
  let node: TestNode
  let pages: Pages
  let used: TestVolume

  beforeEach(async () => {
    node = await TestNode.make()
    pages = await Pages.make()
    await answer('')
    await node.start({ args: pages.args, within: withHook('free-device-hook.ts', { FREE_DEVICE: file() }) })
    used = await new TestVolume(node, 'used').create()
    await used.stage()
    await writeFile(join(await used.publish(), 'note'), 'kept')
  })

  afterEach(async () => {
    await using _cleared = node
    await used[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })

  const file = (): string => join(node.path, 'free-device')
  const answer = (text: string): Promise<void> => writeFile(file(), text)

  /** One that is attached: attaching it fails as it does after a lost race. */
  const takenDevice = async (): Promise<string> => ((await used.devices())[0] ?? '').replace('/dev/loop', '')

  it.each([
    [
      'the kernel can make no more of',
      () => Promise.resolve('ENOSPC'),
      'RESOURCE_EXHAUSTED' as const,
      /no more loop devices.*losetup --detach/,
    ],
    [
      'others always bind before us',
      takenDevice,
      'UNAVAILABLE' as const,
      /another process was faster.*repeat the call/,
    ],
  ])('which %s: refuses to stage, and nothing else', async (_, given, code, sentence) => {
    await using mount = await new TestVolume(node, 'mount').create()
    await using block = await new TestVolume(node, 'block', { capability: blockCapability() }).create()
    const devices = (await node.left()).devices
    await answer(await given())

    for (const volume of [mount, block])
      await expect(volume.stage()).rejects.toMatchObject(refusal(code, sentence))
    expect((await node.left()).devices).toEqual(devices)
    expect(await pages.calls('NodeStageVolume', code)).toBe(2)
    expect(await storageHealth(node)).toEqual([])
    expect(await pages.get('/readyz')).toEqual([200, 'ok\n'])

    // What has a device keeps it.
    expect(await healthOnNode(node, used, 'pod')).toEqual([])
    expect(await readFile(join(used.target(), 'note'), 'utf8')).toBe('kept')
    await using _other = await new TestVolume(node, 'other').create()
    await used.unpublish()
    await used.unstage()

    await answer('')
    for (const volume of [used, mount, block]) await volume.stage()
  })
})
