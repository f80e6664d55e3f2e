import { readFile } from 'node:fs/promises'
import type { Write } from './writing.ts'

/** When a file system was frozen; like all points in time here in milliseconds since 1970. */
export interface Freeze {
  readonly frozenAt: number
  readonly frozenMs: number
}

/** The last one in the driver's log. */
export async function lastFreeze(log: string): Promise<Freeze> {
  const line = (await readFile(log, 'utf8'))
    .split('\n')
    .findLast((text) => text.includes('"msg":"made a consistent copy"'))
  if (line === undefined) throw new Error(`no freeze in ${log}`)
  const { time, frozenMs } = JSON.parse(line) as { time: string; frozenMs: number }
  return { frozenAt: Date.parse(time) - frozenMs, frozenMs }
}

/** How long a write took that met the freeze. */
export function slowestWriteMs(writes: readonly Write[], { frozenAt, frozenMs }: Freeze): number {
  return longestMs(
    writes.filter(({ endedAt, tookMs }) => endedAt >= frozenAt && endedAt - tookMs <= frozenAt + frozenMs),
  )
}

export function longestMs(writes: readonly Write[]): number {
  return Math.max(0, ...writes.map(({ tookMs }) => tookMs))
}

/** What was written before the freeze. */
export function changedBytes(writes: readonly Write[], { frozenAt }: Freeze): number {
  return writes.filter(({ endedAt }) => endedAt <= frozenAt).reduce((sum, { bytes }) => sum + bytes, 0)
}
