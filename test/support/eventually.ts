import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../src/volumes/model/errors.ts'

export interface Patience {
  readonly timeoutMs?: number
  readonly intervalMs?: number
}

/** Tries until it does not throw. @throws what it threw last, when the time is up */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T> | T,
  { timeoutMs = 120_000, intervalMs = 500 }: Patience = {},
): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() >= end) throw new Error(`${what}: not within ${timeoutMs / 1000} s: ${messageOf(error)}`)
      await sleep(intervalMs)
    }
  }
}
