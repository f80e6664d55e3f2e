import { messageOf } from '../volumes/model/errors.ts'
import { PoolUnreachableError } from '../volumes/pool/gate/unreachable.ts'
import { text, type Page, type Pages } from './http-server.ts'

/** A disk that hangs must not leave the kubelet's probe without an answer. */
const PATIENCE_MS = 5000

export interface Health {
  /**
   * Rejects with what is missing when the process cannot do its work: what CSI's Probe asks, too.
   * @returns what is wrong with a part of it
   */
  readonly check: () => Promise<readonly string[]>
  /** What keeps others from using it yet, one sentence each. */
  readonly problems: () => readonly string[]
  /** What does not, and should be known all the same. */
  readonly warnings: () => readonly string[]
}

/**
 * `/healthz`, whose failure makes the kubelet restart the container, and `/readyz`, which tells people why it
 * has to wait.
 */
export function healthPages({ check, problems, warnings }: Health): Pages {
  return {
    '/healthz': async () => report((await checked(mendable(check))).problems, []),
    '/readyz': async () => {
      const found = await checked(check)
      return report([...problems(), ...found.problems], [...warnings(), ...found.warnings])
    },
  }
}

/**
 * Without what a restart cannot mend: it makes no disk answer, and leaves volumes of others without their
 * driver meanwhile.
 */
function mendable(check: Health['check']): Health['check'] {
  return async () => {
    try {
      return await check()
    } catch (error) {
      if (error instanceof PoolUnreachableError && error.reason === 'PoolNotAnswering') return []
      throw error
    }
  }
}

async function checked(
  check: Health['check'],
): Promise<{ readonly problems: readonly string[]; readonly warnings: readonly string[] }> {
  try {
    return { problems: [], warnings: await withinPatience(check()) }
  } catch (error) {
    return { problems: [messageOf(error)], warnings: [] }
  }
}

function report(problems: readonly string[], warnings: readonly string[]): Page {
  const lines = [...problems, ...warnings.map((warning) => `warning: ${warning}`)]
  return problems.length > 0 ? text(503, lines.join('\n')) : text(200, ['ok', ...lines].join('\n'))
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new Error(`the check of the driver's health has taken more than ${PATIENCE_MS / 1000} s`))
  }, PATIENCE_MS)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
