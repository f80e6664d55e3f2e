import { attachLabel } from './attach.ts'
import { stepLabels } from './contender.ts'
import type { Copies } from './copies/copies.ts'
import { copyLabels } from './copies/copy-rows.ts'
import type { ManyVolumes } from './many-volumes.ts'
import type { Row, Table } from './samples.ts'

/** What was promised for the driver, and what came out. Lower is better. */
export interface Goal {
  readonly what: string
  readonly unit: '×' | 'MiB' | 's' | '%'
  readonly limit: number
  readonly measured: number
  readonly met: boolean
}

const MIB = 1024 * 1024

export function volumeGoals(lives: Table): Goal[] {
  return [
    goal('stage of a new ext4, to the shell', '×', 0.6, ratio(lives, stepLabels.stage, 'shell')),
    goal('stage of a new ext4, to the floor', '×', 1.8, ratio(lives, stepLabels.stage, 'floor')),
    goal('create, to the floor', '×', 2, ratio(lives, stepLabels.create, 'floor')),
  ]
}

/** @param counts how many other devices were bound, ascending */
export function attachGoals(attaches: Table, counts: readonly number[]): Goal[] {
  const [alone = 0, few = 0] = counts
  const most = counts.at(-1) ?? 0
  const growth = p50(attaches, attachLabel(most), 'driver') / p50(attaches, attachLabel(few), 'driver')
  return [
    goal('attach, to losetup', '×', 0.3, ratio(attaches, attachLabel(alone), 'shell')),
    goal(`attach with ${most} devices, to that with ${few}`, '×', 2, growth),
  ]
}

export function manyGoals({ volumes, residentStagedBytes, startMs }: ManyVolumes): Goal[] {
  return [
    goal(`RSS with ${volumes} staged volumes`, 'MiB', 110, residentStagedBytes / MIB),
    goal(`start to serving with ${volumes} volumes`, 's', 1, startMs / 1000),
  ]
}

export function copyGoals({ copies, freezes, sizeDifferencePercent }: Copies): Goal[] {
  const { snapshot, engine, sharedSnapshot, sharedClone } = copyLabels
  return [
    goal('snapshot, to cp and sync', '×', 1.3, ratio(copies, snapshot, 'shell')),
    goal('the copying alone, to cp', '×', 1.3, ratio(copies, engine, 'shell')),
    goal('allocated size of a copy, off by', '%', 1, sizeDifferencePercent),
    goal('clone with shared blocks, to the floor', '×', 3, ratio(copies, sharedClone, 'floor')),
    goal('snapshot with shared blocks, to the floor', '×', 3, ratio(copies, sharedSnapshot, 'floor')),
    ...freezes.rows.map(({ label, cells }) =>
      goal(`frozen, to the whole; writer ${label}`, '×', 0.2, share(cells)),
    ),
  ]
}

function share({ frozen, 'whole call': whole }: Row['cells']): number {
  return (frozen?.p50 ?? NaN) / (whole?.p50 ?? NaN)
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
