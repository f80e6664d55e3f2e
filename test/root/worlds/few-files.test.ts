import { readdir } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { nothing } from '../../support/leftovers.ts'
import { Pages } from '../../support/pages.ts'
import { refusal } from '../../support/refusal.ts'
import { TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

/** A call needs a few more than this. */
const SPARE = 1

describeRoot('a driver at its limit of open files', () => {
  let node: TestNode
  let pages: Pages

  beforeEach(async () => {
    node = await TestNode.make()
    pages = await Pages.make()
    await node.start({ args: pages.args })
  })

  afterEach(async () => {
    await using _cleared = node
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })

  const setLimit = (files: number | string): Promise<string> =>
    tool('prlimit', '--pid', `${node.driver.pid}`, `--nofile=${files}:`)

  it('names the limit to raise, leaves nothing unfinished, and continues when it can', async () => {
    await using staged = await new TestVolume(node, 'staged').create()
    await staged.stage()
    const volume = await new TestVolume(node, 'data').create()
    const { devices, mounts } = await node.left()
    const files = await node.files()
    const [before = ''] = (
      await tool('prlimit', '--pid', `${node.driver.pid}`, '--nofile', '--noheadings', '--output', 'SOFT')
    ).split(/\s+/)

    const open = (await readdir(`/proc/${node.driver.pid}/fd`)).length
    await setLimit(open + SPARE)
    const refused = refusal('UNAVAILABLE', /EMFILE.*RLIMIT_NOFILE/)
    await expect(volume.stage()).rejects.toMatchObject(refused)
    await setLimit(open)
    await expect(new TestVolume(node, 'new').create()).rejects.toMatchObject(refused)
    await setLimit(before)

    expect(await node.left()).toMatchObject({ devices, mounts })
    expect(await node.files()).toEqual(files)
    expect(await pages.calls('NodeStageVolume', 'UNAVAILABLE')).toBe(1)
    expect(await pages.get('/readyz')).toEqual([200, 'ok\n'])
    await volume.stage()
    await volume[Symbol.asyncDispose]()
  })
})
