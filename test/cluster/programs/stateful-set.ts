import { fileURLToPath } from 'node:url'
import { eventually } from '../../support/eventually.ts'
import { loadImage } from '../../e2e/support/cluster.ts'
import { run } from '../../e2e/support/command.ts'
import type { KubeObject } from '../../e2e/support/kubectl.ts'
import type { Namespace } from '../../e2e/support/namespace.ts'
import { claim } from '../../e2e/support/objects.ts'
import { claimOf, podOf, replicas, STATEFUL_SET, volumes, type Volume } from './replicas.ts'

/** The programs, built of Debian's packages. */
export const PROGRAMS_IMAGE = 'csi-driver-loop-programs:e2e'

/** As PID 1 a shell handles no signal that it has no trap for, and would be killed after the grace period. */
const SLEEP = "trap 'exit 0' INT TERM; sleep infinity & wait"

export async function loadProgramsImage(): Promise<void> {
  const directory = fileURLToPath(new URL('../image', import.meta.url))
  await run('docker', ['build', '--tag', PROGRAMS_IMAGE, directory], { isShown: true })
  await loadImage(PROGRAMS_IMAGE)
}

/**
 * Creates the StatefulSet, and waits until all its pods are ready. Its claims are created first: the
 * StatefulSet uses claims that exist, and its templates could have only one storage class.
 * @param size of each claim
 */
export async function startStatefulSet(on: Namespace, size: string): Promise<void> {
  const claims = replicas.flatMap(({ storageClass }, replica) =>
    volumes.map((volume) =>
      claim(claimOf(volume, replica), { storageClass, size, labels: labelsOf(volume, replica) }),
    ),
  )
  await on.apply(...claims, statefulSet(size))
  const names = replicas.map((_, replica) => podOf(replica))
  await eventually('the pods exist', () => on.kubectl('get', 'pod', ...names))
  await on.running(names, { timeoutMs: 600_000 })
}

/** By which a group snapshot selects PostgreSQL's volumes of a replica. */
export function groupLabels(replica: number): Record<string, string> {
  return { group: podOf(replica) }
}

function labelsOf(volume: Volume, replica: number): Record<string, string> {
  return volume === 'lite' ? {} : groupLabels(replica)
}

function statefulSet(size: string): KubeObject {
  const labels = { app: STATEFUL_SET }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: STATEFUL_SET },
    spec: {
      serviceName: STATEFUL_SET,
      replicas: replicas.length,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(labels) },
      volumeClaimTemplates: volumes.map((volume) => claim(volume, { size })),
    },
  }
}

/** One on each node. */
function podSpec(matchLabels: object): object {
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels } }
  const image = { image: PROGRAMS_IMAGE, imagePullPolicy: 'IfNotPresent' }
  const mounted = (name: Volume, mountPath: string) => ({ name, mountPath })
  return {
    terminationGracePeriodSeconds: 60,
    automountServiceAccountToken: false,
    tolerations: [{ operator: 'Exists' }],
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    containers: [
      {
        name: 'postgres',
        ...image,
        readinessProbe: {
          exec: { command: ['pg_isready', '--quiet'] },
          periodSeconds: 2,
          timeoutSeconds: 10,
        },
        volumeMounts: [mounted('data', '/data'), mounted('wal', '/wal')],
      },
      { name: 'sqlite', ...image, command: ['sh', '-c', SLEEP], volumeMounts: [mounted('lite', '/data')] },
    ],
  }
}
