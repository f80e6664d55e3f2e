import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { TestNode } from '../../test/support/driver.ts'
import { TestSnapshot } from '../../test/support/snapshot.ts'
import { GiB, MiB, TestVolume } from '../../test/support/volume.ts'

/** The pools in which it happens. */
export const POOLS = 'pools: { default: { size: 660Mi, overcommit: 3 }, fast: { size: 256Mi } }\n'

const TICKS = 36
const TICK_MS = 2500

/**
 * What happens on a node in a minute and a half: claims come, are written, and copied; too much is asked for;
 * the driver is killed; the pool gets full, and has room again.
 */
export async function story(node: TestNode, restart: () => Promise<void>): Promise<void> {
  await using volumes = new AsyncDisposableStack()
  const use = async (claim: string, bytes: number, pool = 'default'): Promise<TestVolume> => {
    const labels = { 'csi.storage.k8s.io/pvc/namespace': 'shop', 'csi.storage.k8s.io/pvc/name': claim }
    const volume = await new TestVolume(node, claim, { bytes, parameters: { pool, ...labels } }).create()
    volumes.use(volume)
    await volume.stage()
    await volume.publish()
    return volume
  }
  const [orders, users] = [await use('orders', 384 * MiB), await use('users', 256 * MiB)]
  let snapshots: TestSnapshot[] = []
  const clear = async (): Promise<void> => {
    for (const snapshot of snapshots) await snapshot.delete()
    snapshots = []
  }
  for (let tick = 0; tick < TICKS; tick++) {
    const next = setTimeout(TICK_MS)
    await write(orders, tick, 5 * MiB)
    if (tick % 2 === 0) await write(users, tick, 2 * MiB)
    if (tick % 6 === 5) snapshots.push(await new TestSnapshot(node, `${tick}`, orders).create())
    if (tick === 10) await write(await use('cache', 192 * MiB, 'fast'), tick, 100 * MiB)
    if (tick % 9 === 8)
      await new TestVolume(node, 'large', { bytes: 4 * GiB }).create().catch(() => undefined)
    if (tick === 20) {
      // In the middle of a copy.
      const interrupted = new TestSnapshot(node, 'interrupted', orders).create().catch(() => undefined)
      await setTimeout(30)
      await restart()
      await interrupted
    }
    if (tick === 32) await clear()
    await next
  }
  await clear()
}

function write(volume: TestVolume, tick: number, bytes: number): Promise<void> {
  return writeFile(join(volume.target(), `${tick}`), randomBytes(bytes), { flush: true })
}
