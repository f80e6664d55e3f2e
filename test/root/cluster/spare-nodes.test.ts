import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { makeSparse } from '../../support/images.ts'
import { ownDev } from '../../support/own-dev.ts'
import { MiB, TestVolume, blockCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

describeRoot("the kubelet's losetup on a node without udev", () => {
  let node: TestNode

  beforeEach(async () => {
    node = await TestNode.make()
    await node.start({ within: ownDev(node.path) })
  })

  afterEach(() => node[Symbol.asyncDispose]())

  /** As the kubelet does, by the tool of the node, in the node's namespace. */
  const losetup = async (name: string): Promise<string> => {
    const file = join(node.path, name)
    await makeSparse(file, MiB)
    return tool('nsenter', '--mount', `--target=${node.driver.pid}`, 'losetup', '--find', '--show', file)
  }

  it('finds valid device nodes', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      const device = await losetup(name)
      const found = await tool('stat', '--format=%Hr:%Lr', `/proc/${node.driver.pid}/root${device}`)
      expect(found).toBe((await readFile(`/sys/block/${device.slice('/dev/'.length)}/dev`, 'utf8')).trim())
    }
  })

  it('finds more after each volume that is attached', async () => {
    for (let i = 0; i < 8; i++) {
      const volume = await new TestVolume(node, `v${i}`, { capability: blockCapability() }).create()
      await volume.stage()
      await losetup(`kubelet-${i}`)
    }
  })
})
