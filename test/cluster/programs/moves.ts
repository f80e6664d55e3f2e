import { eventually } from '../../support/eventually.ts'
import { kubectl, type KubeObject } from '../../e2e/support/kubectl.ts'
import type { Namespace } from '../../e2e/support/namespace.ts'

const PATIENCE = { timeoutMs: 600_000 }

interface Pod extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly uid: string }
}

/** Deletes a pod of a StatefulSet. @returns when the next one of that name is ready */
export function deletePod(on: Namespace, pod: string): Promise<void> {
  return replace(on, pod, () => on.kubectl('delete', 'pod', pod, '--wait=false'))
}

/** As `kubectl drain` does. @returns when the next pod of that name is ready */
export function evictPod(on: Namespace, pod: string): Promise<void> {
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: pod, namespace: on.name },
  }
  const path = `/api/v1/namespaces/${on.name}/pods/${pod}/eviction`
  return replace(on, pod, () =>
    kubectl(['create', `--raw=${path}`, '--filename=-'], { input: JSON.stringify(eviction) }),
  )
}

async function replace(on: Namespace, pod: string, remove: () => Promise<unknown>): Promise<void> {
  const before = await on.get<Pod>('pod', pod)
  await remove()
  await eventually(
    `there is another ${pod}`,
    async () => {
      const { metadata } = await on.get<Pod>('pod', pod)
      if (metadata.uid === before.metadata.uid) throw new Error('it is still the same')
    },
    PATIENCE,
  )
  await on.running([pod], PATIENCE)
}
