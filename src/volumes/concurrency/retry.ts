import { setTimeout } from 'node:timers/promises'
import { isTransient } from '../model/errors.ts'

const ATTEMPTS = 6
const FIRST_PAUSE_MS = 20

/**
 * Retries work that fails with a transient error, for 0.6 s.
 * @throws as `work` does
 */
export async function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isTransient(error) || attempt === ATTEMPTS) throw error
      await setTimeout(FIRST_PAUSE_MS * 2 ** (attempt - 1))
    }
  }
}
