/**
 * How a command is made to end: `exit 8` without having done anything, or `SIGKILL`, by which the kernel ends
 * processes when memory runs out, when it has done all of it.
 */
type Arguments = readonly unknown[]

/** @returns the arguments of posix_spawnp(3) for that, or undefined for a fault that is an errno */
export function endingAs(
  fault: string,
  [pid, , actions, attributes, argv, ...rest]: Arguments,
): Arguments | undefined {
  const script = scriptFor(fault)
  if (script === undefined) return undefined
  return [pid, '/bin/sh', actions, attributes, ['sh', '-c', script, 'sh', ...(argv as unknown[])], ...rest]
}

function scriptFor(fault: string): string | undefined {
  if (fault === 'SIGKILL') return '"$@"; kill -KILL $$'
  const [, code] = /^exit (\d+)$/.exec(fault) ?? []
  return code === undefined ? undefined : `echo "$1: Input/output error" >&2; exit ${code}`
}
