import { beforeAll, describe, expect, it } from '@jest/globals'
import { TestNode } from '../support/driver.ts'
import { kindCluster, nodeNames } from './support/cluster.ts'
import { run } from './support/command.ts'
import { eventually } from '../support/eventually.ts'
import { mountPoints, volumeDevices } from './support/machine.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod } from './support/objects.ts'
import { writerPod } from './support/writer.ts'

/** Only for a cluster that was made for these tests (`.ci/e2e` says so). */
const isOurs = process.env['E2E_DELETE_CLUSTER'] === '1'

let nodes: string[] = []

;(isOurs ? describe : describe.skip)('the cluster is deleted while pods use volumes', () => {
  beforeAll(async () => {
    const on = await Namespace.make(import.meta.filename)
    nodes = await nodeNames()
    for (const node of nodes) {
      await on.apply(
        claim(`file-${node}`),
        claim(`block-${node}`, { volumeMode: 'Block' }),
        writerPod(`file-${node}`, { node }),
        pod(`block-${node}`, { node, blocks: { disk: ofClaim(`block-${node}`) } }),
      )
    }
    await on.running(nodes.flatMap((node) => [`file-${node}`, `block-${node}`]))
    expect((await volumeDevices(nodes)).size).toBeGreaterThanOrEqual(2 * nodes.length)
  })

  it('and no device and no mount is left on the machine', async () => {
    await run('kind', ['delete', 'cluster', '--name', await kindCluster()])
    await eventually('mounts and their devices are gone', async () => {
      const devices = await volumeDevices(nodes)
      expect(await mountPoints(devices.keys())).toEqual([])
      expect(devices.size).toBeLessThanOrEqual(2 * nodes.length)
    })
    // Block volumes have no mount. The next driver that sees the processes of the whole machine, of whatever
    // node, detaches their devices, and the kubelet's on top.
    await using _driver = await TestNode.start()
    expect([...(await volumeDevices(nodes))]).toEqual([])
  })
})
