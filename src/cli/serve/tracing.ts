import type { Logger } from 'pino'
import type { Tracing } from '../../tracing/tracing.ts'
import { version } from '../terminal/version.ts'

export interface TracingOptions {
  /** Undefined: nothing is traced. */
  readonly tracing?: string | undefined
}

/** Loads what tracing needs (5 MiB, and a quarter of a second at start) only where traces are wanted. */
export async function startTracing(
  { tracing: endpoint }: TracingOptions,
  process: Readonly<Record<string, string>>,
  log: Logger,
): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined
  const { Tracing } = await import('../../tracing/tracing.ts')
  return new Tracing({ endpoint, process: { 'service.version': version, ...process } }, log)
}
