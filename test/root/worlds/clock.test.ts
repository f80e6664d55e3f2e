import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { withHook } from '../../support/hook.ts'
import { nothing } from '../../support/leftovers.ts'
import { TestVolume, blockCapability } from '../../support/volume.ts'

const HOUR_MS = 3_600_000

describeRoot('a wall clock that jumps', () => {
  let node: TestNode

  beforeEach(async () => {
    node = await TestNode.make()
    await jump(0)
    const within = withHook('clock-hook.ts', { CLOCK: clock() })
    await node.start({ within, args: ['--trim-interval', '1s'] })
  })

  afterEach(async () => {
    await using _cleared = node
    expect(await node.stop()).toEqual(nothing)
  })

  const clock = (): string => join(node.path, 'clock')
  const jump = (hours: number): Promise<void> => writeFile(clock(), `${hours * HOUR_MS}`)

  it.each([
    ['forward', 5],
    ['back', -5],
  ])('%s changes nothing for a call that waits for the last user of a device', async (_, hours) => {
    const volume = await new TestVolume(node, 'data', { capability: blockCapability() }).create()
    await volume.stage()
    const [device = ''] = await volume.devices()
    await using user = await open(device, 'r')
    const meanwhile = async (): Promise<void> => {
      await setTimeout(200)
      await jump(hours)
      await setTimeout(200)
      await user.close()
    }
    await Promise.all([volume.unstage(), meanwhile()])
    await volume.delete()
  })

  it('does not keep volumes from being trimmed', async () => {
    await using volume = await new TestVolume(node, 'data', { parameters: { discard: 'periodic' } }).create()
    await volume.stage()
    const trims = (): number => node.driver.log.filter(({ msg }) => msg === 'trimmed').length
    const nextTrim = async (): Promise<void> => {
      for (const before = trims(); trims() === before;) await setTimeout(20)
    }
    await nextTrim()
    for (const hours of [-5, 5]) {
      await jump(hours)
      await nextTrim()
    }
  })
})
