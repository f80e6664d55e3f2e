import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { nodeNames } from './support/cluster.ts'
import { DRIVER } from './support/driver.ts'
import { get, kubectl, type KubeObject } from './support/kubectl.ts'
import { Namespace } from './support/namespace.ts'
import { claim } from './support/objects.ts'

const STORAGE_CLASS = 'e2e-immediate'

interface Node extends KubeObject {
  readonly spec: { readonly taints?: readonly { readonly effect: string }[] }
}

interface Volume extends KubeObject {
  readonly spec: { readonly nodeAffinity: object }
}

let on: Namespace
/** The nodes on which pods without tolerations can be. */
let open: string[] = []

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
  const storageClass = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: STORAGE_CLASS },
    provisioner: DRIVER,
    volumeBindingMode: 'Immediate',
  }
  await kubectl(['apply', '--filename=-'], { input: JSON.stringify(storageClass) })
  const nodes = await Promise.all((await nodeNames()).map((name) => get<Node>('node', name)))
  open = nodes
    .filter(({ spec }) => !spec.taints?.some(({ effect }) => effect !== 'PreferNoSchedule'))
    .map(({ metadata }) => metadata.name)
})

afterAll(async () => {
  await kubectl(['uncordon', ...open])
  await on[Symbol.asyncDispose]()
  await kubectl(['delete', 'storageclass', STORAGE_CLASS])
})

/** Makes claims that are bound at once. @returns the node affinities of their volumes, as JSON */
async function affinities(...names: string[]): Promise<string[]> {
  await on.apply(...names.map((name) => claim(name, { storageClass: STORAGE_CLASS })))
  return Promise.all(
    names.map((name) =>
      eventually(`${name} is bound`, async () => {
        const { spec } = await on.get<KubeObject & { spec: { volumeName: string } }>('pvc', name)
        return JSON.stringify((await get<Volume>('pv', spec.volumeName)).spec.nodeAffinity)
      }),
    ),
  )
}

it('a volume with immediate binding is on a node for ordinary pods, not on a cordoned one', async () => {
  const isOn = (nodes: readonly string[]) => (affinity: string) =>
    nodes.some((node) => affinity.includes(`"${node}"`))
  for (const affinity of await affinities('a', 'b', 'c', 'd')) expect(isOn(open)(affinity)).toBe(true)
  const [cordoned = '', ...others] = open
  if (others.length === 0) return
  await kubectl(['cordon', cordoned])
  // The router lists the nodes every ten seconds at most.
  await new Promise((resolve) => setTimeout(resolve, 11_000))
  for (const affinity of await affinities('e', 'f', 'g', 'h')) expect(isOn(others)(affinity)).toBe(true)
})
