import { deleteController, deleteNodePod, killDriver } from '../../e2e/support/kill-driver.ts'
import { claimGrown, grow, volumeGrown } from '../../e2e/support/growth.ts'
import { canGrowMountedExt4 } from '../../e2e/support/machine.ts'
import type { Namespace } from '../../e2e/support/namespace.ts'
import { deletePod, evictPod } from './moves.ts'
import type { Disturbance } from './plan.ts'
import { claimOf, podOf, replicaAt, volumes } from './replicas.ts'

/** A driver that was killed often is started again after five minutes. */
const PATIENCE = { timeoutMs: 900_000 }

interface Target {
  readonly on: Namespace
  readonly replica: number
  /** The replica's. */
  readonly node: string
  /** That the replica's claims get when they are expanded. */
  readonly larger: string
}

/** @returns when it has happened, and its program runs */
export async function disturb(disturbance: Disturbance, target: Target): Promise<void> {
  const { on, replica, node } = target
  switch (disturbance) {
    case 'none':
      return
    case 'driver killed':
      return killDriver(node, PATIENCE)
    case 'driver pod deleted':
      return deleteNodePod(node)
    case 'controller pod deleted':
      return deleteController()
    case 'program deleted':
      return deletePod(on, podOf(replica))
    case 'program evicted':
      return evictPod(on, podOf(replica))
    case 'claims expanded':
      return expand(target)
  }
}

async function expand({ on, replica, larger }: Target): Promise<void> {
  const pod = podOf(replica)
  const claims = volumes.map((volume) => claimOf(volume, replica))
  for (const claim of claims) await grow(on, claim, larger)
  if (replicaAt(replica).fsType === 'ext4' && !canGrowMountedExt4) {
    // Where the kernel refuses to grow a mounted ext4, it grows before the next mount.
    for (const claim of claims) await volumeGrown(on, claim, larger, PATIENCE)
    await deletePod(on, pod)
  }
  for (const claim of claims) await claimGrown(on, { claim, pod, size: larger }, PATIENCE)
}
