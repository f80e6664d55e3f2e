/** Waits for the first of these signals; from the call on they do not end the process any more. */
export function nextSignal(...signals: NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((received) => {
    for (const signal of signals) process.once(signal, received)
  })
}
