import { percentile } from '../harness/statistics.ts'
import type { Sample } from './sample.ts'
import type { Findings } from './soak.ts'

/** One thing that has to be as it was. */
export interface Check {
  readonly what: string
  readonly before: number
  readonly after: number
  /** What `after` may be at most. */
  readonly limit: number
  readonly passed: boolean
}

/** A young process still grows: code is compiled, pools fill. Measured: from here on it stays within 3%. */
const YOUNG_LIVES = 100

/** The part of the lives after which the memory counts as that of a process at work. */
const WARM_PART = 0.1

const MEMORY_LIMIT = 1.1

/** One sample of the memory is chance. */
const SAMPLES_OF_MEMORY = 3

/**
 * Whether the driver has kept, or left behind, anything of lives that have ended. Its memory is compared only
 * where it had time to become steady, and was not restarted meanwhile.
 */
export function verdict({ idle, samples, left }: Findings): Check[] {
  const last = samples.at(-1)
  if (!last) return []
  const kept = (['fds', 'devices', 'mounts', 'files', 'processes'] as const).map((what) =>
    check(`${labels[what]}, idle`, idle[what], last[what], idle[what]),
  )
  const remaining = (['devices', 'mounts', 'processes'] as const).map((what) =>
    check(`${labels[what]}, driver stopped`, 0, left[what].length, 0),
  )
  return [...memory(samples, last), ...kept, ...remaining]
}

const labels = {
  fds: 'open files',
  devices: 'loop devices',
  mounts: 'mounts',
  files: 'files in the data directory',
  processes: 'processes',
} as const

function memory(samples: readonly Sample[], last: Sample): Check[] {
  const warm = samples.filter(({ lives }) => lives >= Math.max(YOUNG_LIVES, WARM_PART * last.lives))
  if (last.restarts > 0 || warm.length < 2 * SAMPLES_OF_MEMORY) return []
  const before = median(warm.slice(0, SAMPLES_OF_MEMORY))
  return [
    check(
      `RSS [MiB], from life ${warm[0]?.lives ?? 0} on`,
      before,
      median(warm.slice(-SAMPLES_OF_MEMORY)),
      MEMORY_LIMIT * before,
    ),
  ]
}

function median(samples: readonly Sample[]): number {
  const mebibytes = samples.map(({ residentBytes }) => residentBytes / 2 ** 20)
  return percentile(mebibytes, 50)
}

function check(what: string, before: number, after: number, limit: number): Check {
  return { what, before, after, limit, passed: after <= limit }
}
