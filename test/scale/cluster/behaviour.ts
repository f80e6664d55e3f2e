import { setTimeout } from 'node:timers/promises'

/**
 * How a node answers the router:
 * - `well`: at once;
 * - `slow`: late;
 * - `mute`: it takes calls, and answers none: its disk hangs;
 * - `stopped`: it accepts connections, and reads nothing from them: its process is stopped;
 * - `away`: it refuses connections: its driver does not run.
 */
const behaviours = ['well', 'slow', 'mute', 'stopped', 'away'] as const
export type Behaviour = (typeof behaviours)[number]

/** Those of a node that is in trouble. */
const troubles = behaviours.filter((behaviour) => behaviour !== 'well')

/** A cluster of so many nodes has one with each trouble, and one that is well. */
export const leastTroubled = behaviours.length

/** Of each trouble, one in so many nodes has it, and at least one. */
const NODES_PER_TROUBLE = 20

/** How late a slow node answers, in milliseconds. */
const SLOW_MS = 300

/** The behaviour of each node of a cluster in trouble: those with troubles are spread among the others. */
export function troubled(nodes: number): Behaviour[] {
  const each = Math.max(1, Math.floor(nodes / NODES_PER_TROUBLE))
  const order = Array.from({ length: each }, () => troubles).flat()
  const distance = nodes / order.length
  const places = new Map(order.map((trouble, index) => [Math.floor(index * distance), trouble]))
  return Array.from({ length: nodes }, (_, index) => places.get(index) ?? 'well')
}

type Handler = (request: never, signal: AbortSignal, ...rest: never[]) => unknown

/** The handlers of a service, which answer as the node behaves. */
export function behaving<Handlers extends object>(behaviour: Behaviour, handlers: Handlers): Handlers {
  if (behaviour !== 'mute' && behaviour !== 'slow') return handlers
  const all = Object.entries(handlers) as [string, Handler][]
  const late = all.map(([name, handler]): [string, Handler] => [
    name,
    async (request, signal, ...rest) => {
      await (behaviour === 'slow' ? setTimeout(SLOW_MS, undefined, { signal }) : cancelled(signal))
      return handler(request, signal, ...rest)
    },
  ])
  return Object.fromEntries(late) as Handlers
}

/** Waits until the caller gives up. */
function cancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })
}
