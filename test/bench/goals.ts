import { attachLabel } from './attach.ts'
import { stepLabels } from './contender.ts'
import type { ManyVolumes } from './many-volumes.ts'
import type { Table } from './samples.ts'

/** What was promised for the driver, and what came out. Lower is better. */
export interface Goal {
  readonly what: string
  readonly unit: '×' | 'MiB' | 's'
  readonly limit: number
  readonly measured: number
  readonly met: boolean
}

const MIB = 1024 * 1024

export function goals(lives: Table, attaches: Table, counts: readonly number[], many: ManyVolumes): Goal[] {
  const [alone = 0, few = 0] = counts
  const most = counts.at(-1) ?? 0
  const { volumes, residentStagedBytes, startMs } = many
  return [
    goal('stage of a new ext4, to the shell', '×', 0.6, ratio(lives, stepLabels.stage, 'shell')),
    goal('stage of a new ext4, to the floor', '×', 1.8, ratio(lives, stepLabels.stage, 'floor')),
    goal('attach, to losetup', '×', 0.3, ratio(attaches, attachLabel(alone), 'shell')),
    goal(
      `attach with ${most} devices, to that with ${few}`,
      '×',
      2,
      p50(attaches, attachLabel(most), 'driver') / p50(attaches, attachLabel(few), 'driver'),
    ),
    goal('create, to the floor', '×', 2, ratio(lives, stepLabels.create, 'floor')),
    goal(`RSS with ${volumes} staged volumes`, 'MiB', 110, residentStagedBytes / MIB),
    goal(`start to serving with ${volumes} volumes`, 's', 1, startMs / 1000),
  ]
}

function goal(what: string, unit: Goal['unit'], limit: number, measured: number): Goal {
  return { what, unit, limit, measured, met: measured <= limit }
}

function ratio(table: Table, label: string, column: string): number {
  return p50(table, label, 'driver') / p50(table, label, column)
}

function p50(table: Table, label: string, column: string): number {
  return table.rows.find((row) => row.label === label)?.cells[column]?.p50 ?? NaN
}
