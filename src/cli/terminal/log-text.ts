/** What every line of the log has; the rest depends on what it tells. */
interface Entry {
  readonly time: string
  readonly level: string
  readonly msg?: string
  readonly err?: { readonly stack?: string }
  readonly [field: string]: unknown
}

/**
 * A line of the JSON log as people read it: `12:34:56.789 INFO  done volume=… code=OK`; stacks follow on
 * their own lines.
 */
export function toText(line: string): string {
  const { time, level, msg = '', err, ...fields } = JSON.parse(line) as Entry
  const clock = time.slice(time.indexOf('T') + 1, -1)
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${printable(value)}`)
  const stack = err?.stack === undefined ? '' : `${err.stack}\n`
  return `${[clock, level.toUpperCase().padEnd(5), msg, ...pairs].join(' ')}\n${stack}`
}

/** Quoted where one could not see where it ends. */
function printable(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}
