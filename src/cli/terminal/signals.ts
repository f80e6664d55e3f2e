const EXIT_GRACE_MS = 1000

/** Waits for the first of these signals, which from now on do not end the process. */
export function nextSignal(...signals: NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((received) => {
    for (const signal of signals) process.once(signal, received)
  })
}

/**
 * An AbortSignal that fires on events that would end the process, so that a command can undo its work. These
 * events no longer end the process: a second Ctrl-C must not leave a mount behind.
 */
export function abortOnInterruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      controller.abort(new Error(signal))
    })
  }
  // EPIPE: `npm run demo | head`, or a terminal that was closed.
  process.stdout.on('error', () => {
    controller.abort(new Error('standard output was closed'))
  })
  return controller.signal
}

/**
 * Ends the process even if something keeps it: Node waits for pending system calls and connections, and
 * exit(3) for libuv's threads. To be called when all work has ended.
 * @param exitNow where system calls may never return, that of src/linux/system-calls.ts, loaded before:
 * loading it now would need a free thread of libuv
 */
export function exitSoon(exitNow: (code: number) => void): void {
  setTimeout(exitNow, EXIT_GRACE_MS, 0).unref()
}
