import { messageOf } from '../../../src/volumes/model/errors.ts'
import type { Namespace } from './namespace.ts'
import { claim, ofClaim, pod } from './objects.ts'

/**
 * Makes and deletes a claim with a pod on each of some nodes, again and again, until it is stopped. Declare
 * it by `await using`: jest does not end while it runs.
 */
export class Callers implements AsyncDisposable {
  readonly failures: string[] = []
  rounds = 0
  #isStopped = false
  readonly #running: Promise<unknown>

  constructor(on: Namespace, nodes: readonly string[]) {
    this.#running = Promise.all(nodes.map((node, index) => this.#call(on, node, `caller-${index}`)))
  }

  async #call(on: Namespace, node: string, prefix: string): Promise<void> {
    for (let round = 0; !this.#isStopped; round++) {
      const name = `${prefix}-${round}`
      try {
        await on.apply(claim(name, { size: '32Mi' }), pod(name, { node, volumes: { data: ofClaim(name) } }))
        await on.running([name], { timeoutMs: 120_000 })
        await on.delete('pod', name)
        await on.delete('pvc', name)
        this.rounds++
      } catch (error) {
        this.failures.push(messageOf(error))
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
