import type { UnreachableReason } from '../../issues/catalogue.ts'
import { VolumeError } from '../../model/errors.ts'

/** A known pool is unreachable. Other pools are not affected, and it may come back. */
export class PoolUnreachableError extends VolumeError {
  readonly reason: UnreachableReason

  constructor(reason: UnreachableReason, message: string, options?: ErrorOptions) {
    super('unavailable', message, options)
    this.name = 'PoolUnreachableError'
    this.reason = reason
  }
}

/** Of calls that are given up, or begin too late, when the driver stops. */
export function stopping(pool: string): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolNotAnswering',
    `pool "${pool}": the driver is stopping; repeat the call`,
  )
}

export function notAnswering(pool: string, path: string): PoolUnreachableError {
  return new PoolUnreachableError(
    'PoolNotAnswering',
    `pool "${pool}": the file system of ${path} does not answer; check its disk or server, and the kernel's log; the pool is opened again when it answers`,
  )
}

/** A caller of a gate. */
class Caller {
  #refusal: PoolUnreachableError | undefined

  /** Whether it was refused before its call returned. */
  get isRefused(): boolean {
    return this.#refusal !== undefined
  }

  refuse(error: PoolUnreachableError): void {
    this.#refusal = error
  }

  throwIfRefused(): void {
    if (this.#refusal) throw this.#refusal
  }
}

/** The callers of a gate, who are refused as soon as the pool does not answer, before their calls return. */
export class Callers {
  readonly #refusals = new Set<(error: PoolUnreachableError) => void>()

  orRefused<T>(work: (caller: Caller) => Promise<T>): Promise<T> {
    const caller = new Caller()
    return new Promise((resolve, reject) => {
      const refuse = (error: PoolUnreachableError): void => {
        caller.refuse(error)
        reject(error)
      }
      this.#refusals.add(refuse)
      work(caller)
        .finally(() => this.#refusals.delete(refuse))
        .then(resolve, reject)
    })
  }

  /** Refuses all callers of now. */
  refuse(error: PoolUnreachableError): void {
    const refusals = [...this.#refusals]
    this.#refusals.clear()
    for (const refuse of refusals) refuse(error)
  }
}
