/** Work on the machine, which takes time, and which fails or hangs with the machine. */
export const steps = [
  'attach',
  'detach',
  'probe',
  'mkfs',
  'fsck',
  'grow',
  'mount',
  'unmount',
  'trim',
  'copy',
  'update',
  'flush',
  'freeze',
] as const
export type Step = (typeof steps)[number]

/** What a crash left, by kind, for the metric of repairs. */
export const repairs = [
  'draft',
  'removal',
  'snapshot_group',
  'ephemeral_volume',
  'frozen_file_system',
  'loop_device',
] as const
export type Repair = (typeof repairs)[number]

/**
 * Receives the steps and repairs, for metrics and traces. It throws no errors of its own.
 */
export interface Observer {
  /** Does the work and returns what it returns, or throws what it throws. */
  step<T>(step: Step, work: () => Promise<T>): Promise<T>
  repaired(what: Repair, count: number): void
}

/** One observer that passes everything to several. */
export function together(observers: readonly Observer[]): Observer {
  return {
    step: (step, work) =>
      observers.reduceRight((inner, observer) => () => observer.step(step, inner), work)(),
    repaired(what, count) {
      for (const observer of observers) observer.repaired(what, count)
    },
  }
}
