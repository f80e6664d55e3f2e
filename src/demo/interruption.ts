const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Turns what usually ends a process at once into an AbortSignal, so that the demo can clear up first. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController()

  constructor() {
    for (const signal of signals) process.on(signal, this.#interrupt)
    // `npm run demo | head`, or a terminal that was closed. This stays: such an error can come after the last word.
    process.stdout.on('error', () => {
      this.#controller.abort(new Error('nobody reads the output any more'))
    })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#interrupt)
  }

  readonly #interrupt = (signal: NodeJS.Signals): void => {
    this.#controller.abort(new Error(signal))
  }
}
