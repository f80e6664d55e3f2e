import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { run } from './support/command.ts'
import { nodeNames } from './support/cluster.ts'
import { DRIVER, driverPods, RELEASE } from './support/driver.ts'
import { eventually } from '../support/eventually.ts'
import { get, getAll, kubectl, type KubeObject } from './support/kubectl.ts'

const EXAMPLES = fileURLToPath(new URL('../../deploy/examples', import.meta.url))

interface CsiNode extends KubeObject {
  readonly spec: {
    readonly drivers:
      | readonly { name: string; nodeID: string; topologyKeys: string[]; allocatable: { count: number } }[]
      | null
  }
}

interface Capacity extends KubeObject {
  readonly storageClassName: string
  readonly capacity: string
  readonly nodeTopology: { readonly matchLabels: Readonly<Record<string, string>> }
}

let nodes: string[] = []

beforeAll(async () => {
  nodes = await nodeNames()
})

describe('installed', () => {
  it('is registered with the kubelet of every node', async () => {
    for (const node of nodes) {
      const { spec } = await get<CsiNode>('csinode', node)
      expect(spec.drivers).toContainEqual({
        name: DRIVER,
        nodeID: node,
        topologyKeys: [`topology.${DRIVER}/node`],
        allocatable: { count: 2048 },
      })
      const { metadata } = await get('node', node)
      expect(metadata.labels).toHaveProperty([`topology.${DRIVER}/node`], node)
    }
  })

  it('publishes the free space of every node and class for the scheduler', async () => {
    await eventually('capacity objects', async () => {
      const capacities = await getAll<Capacity>('csistoragecapacities', '--namespace', RELEASE)
      const seen = capacities
        .map((each) => `${each.storageClassName} ${each.nodeTopology.matchLabels[`topology.${DRIVER}/node`]}`)
        .sort()
      const classes = ['loop', 'loop-btrfs', 'loop-xfs']
      expect(seen).toEqual(classes.flatMap((name) => nodes.map((node) => `${name} ${node}`)).sort())
      for (const { capacity } of capacities) expect(capacity).toMatch(/^[1-9]/)
    })
  })

  it('passes its own helm test', async () => {
    const said = await run('helm', ['test', RELEASE, '--namespace', RELEASE, '--logs'])
    expect(said).toMatch(/Phase:\s+Succeeded/)
  })

  it('gives the privileged container no API token, and the others no privileges', async () => {
    for (const { spec } of await driverPods('node')) {
      expect(JSON.stringify(spec)).not.toContain('serviceAccountToken')
      expect(spec).toMatchObject({ containers: [{ name: 'driver' }] })
    }
    const [controller] = await driverPods('controller')
    expect(controller?.spec).toMatchObject({
      securityContext: { runAsNonRoot: true },
      containers: ['router', 'csi-provisioner', 'csi-resizer', 'csi-snapshotter'].map((name) => ({
        name,
        securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
      })),
    })
  })

  it('keeps its certificates over an upgrade', async () => {
    const key = () =>
      kubectl([
        '--namespace',
        RELEASE,
        'get',
        'secret',
        'csi-driver-loop-node-tls',
        '--output=jsonpath={.data}',
      ])
    const before = await key()
    await run('helm', [
      'upgrade',
      RELEASE,
      `${EXAMPLES}/../../charts/csi-driver-loop`,
      '--namespace',
      RELEASE,
      '--reuse-values',
    ])
    expect(await key()).toBe(before)
  })

  it('has examples that this Kubernetes accepts', async () => {
    await kubectl(['apply', '--dry-run=server', '--validate=strict', `--filename=${EXAMPLES}`])
  })
})
