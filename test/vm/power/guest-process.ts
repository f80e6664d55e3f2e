import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { explain } from '../../harness/explain.ts'
import { sequenceOf } from '../../model/arbitraries.ts'
import type { Kind } from '../../model/kinds.ts'
import { empty, type State } from '../../model/state.ts'
import { Subject } from '../../model/subject.ts'
import { makeCalls, type Notes } from '../../power/workload.ts'
import { check } from './check.ts'
import { GuestNode } from './guest-node.ts'
import { Host } from './host.ts'
import type { Orders } from './messages.ts'

/** In a guest: does what /run/vm/orders says, until it is done or the power is cut. */

const LOG_LINES = 40

await using host = await Host.open()
const orders = JSON.parse(await readFile('/run/vm/orders', 'utf8')) as Orders
const guest = await GuestNode.open(orders)
try {
  await host.tell({ type: 'starting' })
  await guest.start()
  await host.tell({ type: 'serving' })
  if (orders.task === 'recover') await new Promise(() => undefined)
  await host.tell({ type: 'checked', ...(await check(guest, orders)) })
  if (orders.task === 'work') {
    await host.tell({ type: 'working' })
    await Promise.all(orders.kinds.map((kind, index) => makeRandomCalls(kind, orders.seed + index)))
  }
  await guest.stop()
} catch (error) {
  console.error(
    guest.node.driver.log
      .slice(-LOG_LINES)
      .map((line) => JSON.stringify(line))
      .join('\n'),
  )
  console.error(error)
  await host.tell({ type: 'failed', error: explain(error) })
  process.exitCode = 1
}

/** One after another, with pairs at the same time. @throws Error when the model cannot explain an outcome */
async function makeRandomCalls(kind: Kind, seed: number): Promise<never> {
  const subject = new Subject(guest.node, [kind])
  const notes: Notes = {
    begin: ({ operations }) => host.tell({ type: 'begun', kind, operations }),
    end: (states) => host.tell({ type: 'answered', kind, states }),
  }
  // The provisioning of a raw block volume in use is not changed.
  const extent = kind === 'block' ? { ...orders.extent, modifies: false } : orders.extent
  let states: State[] = [empty]
  for (let sequence = 0; ; sequence++) {
    const steps = fc.sample(sequenceOf(kind, extent), { seed: seed + 1000 * sequence, numRuns: 1 }).flat()
    for (const step of steps) if (!('restart' in step)) states = await makeCalls(subject, states, step, notes)
  }
}
