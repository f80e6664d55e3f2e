import type { DriverProcess } from '../harness/driver-process.ts'
import { carriedClient, type Services } from './carried-client.ts'

/**
 * A driver that may be killed at any time; its calls are repeated until one has an answer, as a CO does it.
 */
export class RestartingDriver implements AsyncDisposable {
  readonly client: Services
  restarts = 0
  readonly #start: () => Promise<DriverProcess>
  #current: Promise<DriverProcess>
  #latenciesMs: number[] = []

  private constructor(start: () => Promise<DriverProcess>, first: DriverProcess) {
    this.#start = start
    this.#current = Promise.resolve(first)
    this.client = carriedClient(first.client, (call) => this.#carry(call))
  }

  /** @param start starts it, also in the place of one that was killed */
  static async start(start: () => Promise<DriverProcess>): Promise<RestartingDriver> {
    return new RestartingDriver(start, await start())
  }

  /** The process that serves, or the next one. */
  process(): Promise<DriverProcess> {
    return this.#current
  }

  /** Kills the process and starts it again. */
  async kill(): Promise<void> {
    const killed = this.#current
    const restart = async (): Promise<DriverProcess> => {
      await (await killed).kill()
      return this.#start()
    }
    this.restarts++
    // Before it is killed: whose call fails from now on has to wait for the next one.
    this.#current = restart()
    await this.#current
  }

  /** How long each answer took since this was asked last, in milliseconds. */
  takeLatencies(): readonly number[] {
    const taken = this.#latenciesMs
    this.#latenciesMs = []
    return taken
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#current)[Symbol.asyncDispose]()
  }

  async #carry(call: (client: DriverProcess['client']) => Promise<unknown>): Promise<unknown> {
    for (;;) {
      const driver = await this.#current
      const start = performance.now()
      try {
        const answer = await call(driver.client)
        this.#latenciesMs.push(performance.now() - start)
        return answer
      } catch (error) {
        if (driver === (await this.#current)) throw error
      }
    }
  }
}
