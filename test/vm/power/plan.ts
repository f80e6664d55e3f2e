import type { Ground } from '../../power/power-cuts.ts'
import type { KernelName } from '../kernels.ts'
import type { Moment } from './series.ts'

/** Cuts, one after another with one disk. */
export interface Series {
  readonly ground: Ground
  readonly kernel: KernelName
  readonly cuts: number
}

/** Each ends with one guest that only checks. A disk is not used for ever. */
const LONGEST = 10

/** @returns series on each ground in turn, of each kernel in turn, evenly long; enough to run in parallel */
export function planOf(
  cuts: number,
  kernels: readonly KernelName[],
  grounds: readonly Ground[],
  parallel: number,
): Series[] {
  const wanted = Math.max(Math.ceil(cuts / LONGEST), grounds.length, parallel)
  const count = Math.min(cuts, wanted)
  return Array.from({ length: count }, (_, index) => {
    const ground = grounds[index % grounds.length]
    // Shifted after each round, so that in time each ground has each kernel.
    const kernel = kernels[(index + Math.floor(index / grounds.length)) % kernels.length]
    if (!ground || !kernel) throw new Error('there are no disks or no kernels')
    return { ground, kernel, cuts: Math.floor(cuts / count) + (index < cuts % count ? 1 : 0) }
  })
}

/** What was tried. */
export class Tally {
  cuts = 0
  #answered = 0
  readonly #rows = new Map<string, Map<string, number>>()

  /** @param answered calls before the cut @returns how many cuts there were */
  count({ ground, kernel }: Series, moment: Moment, answered: number): number {
    const { type, inPoolImage } = ground
    const name = inPoolImage ? `pool image on ${type}` : type
    const row = this.#rows.get(name) ?? new Map<string, number>()
    for (const column of [moment, kernel]) row.set(column, (row.get(column) ?? 0) + 1)
    this.#rows.set(name, row)
    this.#answered += answered
    return ++this.cuts
  }

  /** Markdown. */
  report(): string {
    const rows = [...this.#rows]
    const kernels = [...new Set(rows.flatMap(([, row]) => [...row.keys()]))].filter(
      (name) => !(name in moments),
    )
    const columns = [...Object.keys(moments), ...kernels]
    const head = ['disk of the pool', ...Object.values(moments), ...kernels.map((name) => `kernel ${name}`)]
    const cells = rows.map(([name, row]) => [name, ...columns.map((column) => `${row.get(column) ?? 0}`)])
    const table = [head, head.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`)
    return [
      `${this.#answered} steps of callers were answered. Nothing was lost. Power cuts:`,
      '',
      ...table,
    ].join('\n')
  }
}

const moments: Readonly<Record<Moment, string>> = { work: 'during calls', recovery: 'during recovery' }
