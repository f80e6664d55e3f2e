const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * A signal that aborts on Ctrl-C and its like. Work checks it between two steps, so that a step is never
 * interrupted and everything is removed at the end.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of signals) {
    process.on(name, () => {
      if (!controller.signal.aborted) process.stderr.write('\ninterrupted; cleaning up\n')
      controller.abort(new Error(`interrupted by ${name}`))
    })
  }
  return controller.signal
}
