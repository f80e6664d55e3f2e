import { chmod, chown, readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { describeRoot } from '../root.ts'
import { NODE_CAPABILITIES, only } from '../support/capabilities.ts'
import { TestNode } from '../support/driver.ts'
import { nothing } from '../support/leftovers.ts'
import { ownDev } from '../support/own-dev.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../support/volume.ts'

const DAEMON_SET = new URL('../../charts/csi-driver-loop/templates/node/daemonset.yaml', import.meta.url)

/** The hardest case: in a /dev without udev, with a data directory of another user. */
async function start(capabilities: readonly string[]): Promise<TestNode> {
  const node = await TestNode.make()
  try {
    const data = await node.directory('data')
    await chown(data, 1000, 1000)
    await chmod(data, 0o700)
    await node.start({ within: [...ownDev(node.path), ...only(capabilities)] })
    return node
  } catch (error) {
    await node[Symbol.asyncDispose]()
    throw error
  }
}

async function useMounts(node: TestNode, fsType: string): Promise<void> {
  const capability = mountCapability(fsType)
  await using volume = await new TestVolume(node, fsType, { capability, bytes: 320 * MiB }).create()
  await volume.stage()
  await volume.publish()
  const request = { name: `of-${fsType}`, sourceVolumeId: volume.id }
  const { snapshot } = await node.client.controller.createSnapshot(request)
  await node.client.controller.deleteSnapshot({ snapshotId: snapshot?.snapshotId ?? '' })
}

async function useBlocks(node: TestNode): Promise<void> {
  const capability = blockCapability('SINGLE_NODE_MULTI_WRITER')
  await using volume = await new TestVolume(node, 'block', { capability }).create()
  await volume.stage()
  await volume.publish()
  await volume.publish('reader', { readonly: true })
}

async function useAll(node: TestNode): Promise<void> {
  for (const fsType of ['ext4', 'xfs', 'btrfs']) await useMounts(node, fsType)
  await useBlocks(node)
}

describeRoot('the capabilities that a node keeps', () => {
  it('are those of the DaemonSet', async () => {
    const manifest = await readFile(DAEMON_SET, 'utf8')
    expect(manifest).toContain(only(NODE_CAPABILITIES).at(-1))
  })

  it('are enough', async () => {
    await using node = await start(NODE_CAPABILITIES)
    await useAll(node)
    expect(await node.stop()).toEqual(nothing)
  })

  // Growing a mounted ext4 needs sys_resource, which not every machine has to give.
  it.each(['sys_admin', 'mknod', 'dac_override'])('are all needed, %s too', async (capability) => {
    const without = NODE_CAPABILITIES.filter((kept) => kept !== capability)
    const used = start(without).then(async (started) => {
      await using node = started
      await useAll(node)
    })
    await expect(used).rejects.toThrow()
  })
})
