import { eventually, type Patience } from '../../support/eventually.ts'
import { onNode } from './cluster.ts'
import { driverPods, nodePod, RELEASE } from './driver.ts'
import { kubectl } from './kubectl.ts'

/**
 * Kills the driver's process on a node (SIGKILL) as soon as there is one. The kubelet starts it again, and
 * takes longer each time.
 */
export async function killDriver(node: string, patience?: Patience): Promise<void> {
  await eventually(
    'the driver runs, and is killed',
    () => onNode(node, 'pkill', '--signal', 'KILL', '--full', 'csi-driver-loop node'),
    patience,
  )
}

/** Deletes the driver's pod on a node by force; the DaemonSet makes another. */
export async function deleteNodePod(node: string): Promise<void> {
  await deletePods([await nodePod(node)])
}

/** Deletes the pods of the router and its sidecars by force; the Deployment makes others. */
export async function deleteController(): Promise<void> {
  await deletePods((await driverPods('controller')).map(({ metadata }) => metadata.name))
}

async function deletePods(names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  await kubectl([
    '--namespace',
    RELEASE,
    'delete',
    'pod',
    ...names,
    '--grace-period=0',
    '--force',
    '--ignore-not-found',
  ])
}
