/**
 * A signal that fires on what usually ends a process at once, so that what was begun can be cleared away
 * first. From then on nothing of the kind ends this process: who presses Ctrl-C twice must not leave a mount
 * behind.
 */
export function abortOnInterruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      controller.abort(new Error(signal))
    })
  }
  // `npm run demo | head`, or a terminal that was closed.
  process.stdout.on('error', () => {
    controller.abort(new Error('nobody reads the output any more'))
  })
  return controller.signal
}
