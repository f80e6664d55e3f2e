import { eventually, type Patience } from '../../support/eventually.ts'
import type { KubeObject } from './kubectl.ts'
import type { Namespace } from './namespace.ts'
import { pod } from './objects.ts'

interface Wishes {
  readonly names: readonly string[]
  /** Of the pod with a name, mounted at `/data`. */
  readonly volume: (pod: string) => object
  /** Claims that these volumes need, with the names of their pods. */
  readonly claims?: readonly KubeObject[]
  /** For progress display only. */
  readonly onRunning?: (pods: number) => void
}

/** Milliseconds from the request for all of them until each was seen so, in no order. */
export interface Durations {
  readonly bound: readonly number[]
  readonly running: readonly number[]
}

interface Observed extends KubeObject {
  readonly status: {
    readonly phase?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

/**
 * Creates pods with a volume each at the same time.
 * @returns when all of them are ready
 */
export async function startAtOnce(
  on: Namespace,
  { names, volume, claims = [], onRunning }: Wishes,
  { timeoutMs = 400_000, intervalMs = 200 }: Patience = {},
): Promise<Durations> {
  const start = performance.now()
  const [bound, running] = [new Map<string, number>(), new Map<string, number>()]
  await on.apply(...claims, ...names.map((name) => pod(name, { volumes: { data: volume(name) } })))
  const wanted = new Set(names)
  await eventually(
    `${names.length} pods run`,
    async () => {
      const objects = await on.getAll<Observed>('pod,pvc')
      const elapsed = performance.now() - start
      for (const object of objects.filter(({ metadata }) => wanted.has(metadata.name))) {
        const seen = object.kind === 'Pod' ? running : bound
        if (!seen.has(object.metadata.name) && isDone(object)) seen.set(object.metadata.name, elapsed)
      }
      onRunning?.(running.size)
      if (running.size < names.length) throw new Error(`${running.size} run, ${bound.size} claims are bound`)
    },
    { timeoutMs, intervalMs },
  )
  return { bound: [...bound.values()], running: [...running.values()] }
}

function isDone({ kind, status }: Observed): boolean {
  if (kind !== 'Pod') return status.phase === 'Bound'
  return status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false
}
