import pino, { type Logger } from 'pino'
import { scopeFields } from '../../csi/call-scope.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import { version } from '../terminal/version.ts'

export interface LogConfig {
  /** The least important messages to log. */
  readonly logLevel: string
  readonly logFormat: LogFormat
}

/** `json`: one object per line. */
export type LogFormat = 'json' | 'text'

/** @param fields are in every line, to distinguish the processes of a cluster */
export function makeLog(
  { logLevel, logFormat }: LogConfig,
  fields: Readonly<Record<string, string>>,
): Logger {
  const options = {
    level: logLevel,
    base: fields,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    // Fields of the call that any layer works for.
    mixin: scopeFields,
  }
  if (logFormat === 'json') return pino(options)
  return pino(options, { write: (line) => process.stdout.write(toText(line)) })
}

/** The fields of every line of the log; others depend on the message. */
interface Entry {
  readonly time: string
  readonly level: string
  readonly msg?: string
  readonly err?: { readonly stack?: string }
  readonly [field: string]: unknown
}

/**
 * A line of the JSON log as text: `12:34:56.789 INFO  done volume=… code=OK`. A stack follows on lines of its
 * own.
 */
export function toText(line: string): string {
  const { time, level, msg = '', err, ...fields } = JSON.parse(line) as Entry
  const clock = time.slice(time.indexOf('T') + 1, -1)
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${printable(value)}`)
  const stack = err?.stack === undefined ? '' : `${err.stack}\n`
  return `${[clock, level.toUpperCase().padEnd(5), msg, ...pairs].join(' ')}\n${stack}`
}

/** Quoted where its end would be ambiguous. */
function printable(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

export interface TracingOptions {
  /** Undefined: no traces are sent. */
  readonly tracing?: string | undefined
}

/** Loads the tracing libraries (5 MiB, a quarter of a second at start) only where traces are sent. */
export async function startTracing(
  { tracing: endpoint }: TracingOptions,
  process: Readonly<Record<string, string>>,
  log: Logger,
): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined
  const { Tracing } = await import('../../tracing/tracing.ts')
  return new Tracing({ endpoint, process: { 'service.version': version, ...process } }, log)
}
