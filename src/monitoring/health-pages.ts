import { withinDeadline } from '../volumes/concurrency/deadlines.ts'
import { messageOf } from '../volumes/model/errors.ts'
import { PoolUnreachableError } from '../volumes/pool/gate/unreachable.ts'
import { text, type Page, type Pages } from './http-server.ts'

/** The kubelet's probe must get an answer even when a disk hangs. */
const CHECK_MS = 5000

export interface Health {
  /**
   * The check of CSI's Probe.
   * @returns the issues despite which the process works
   * @throws an error when the process cannot work at all
   */
  readonly check: () => Promise<readonly string[]>
  /** Why the process is not ready, one sentence each. */
  readonly problems: () => readonly string[]
  /** Issues despite which it is ready. */
  readonly warnings: () => readonly string[]
}

/**
 * `/healthz`, whose failure makes the kubelet restart the container, and `/readyz`, which also lists why the
 * process is not ready.
 */
export function healthPages({ check, problems, warnings }: Health): Pages {
  return {
    '/healthz': async () => report((await checked(ignoreHungPools(check))).problems, []),
    '/readyz': async () => {
      const found = await checked(check)
      return report([...problems(), ...found.problems], [...warnings(), ...found.warnings])
    },
  }
}

/** Pools that do not answer are ignored: a restart would interrupt the other pools. */
function ignoreHungPools(check: Health['check']): Health['check'] {
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
    const warnings = await withinDeadline<readonly string[] | undefined>(CHECK_MS, check(), undefined)
    if (warnings) return { problems: [], warnings }
    return { problems: [`the health check has taken more than ${CHECK_MS / 1000} s`], warnings: [] }
  } catch (error) {
    return { problems: [messageOf(error)], warnings: [] }
  }
}

function report(problems: readonly string[], warnings: readonly string[]): Page {
  const lines = [...problems, ...warnings.map((warning) => `warning: ${warning}`)]
  return problems.length > 0 ? text(503, lines.join('\n')) : text(200, ['ok', ...lines].join('\n'))
}
