/** Work on the machine that takes time, and fails or hangs when the machine does. */
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

/** What a crash has left, and the driver has put right. */
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
 * Hears of what happens to volumes, for figures and traces. It is never in the way: it throws nothing of its
 * own.
 */
export interface Observer {
  /** Does the work and returns what it returns, or throws what it throws. */
  step<T>(step: Step, work: () => Promise<T>): Promise<T>
  repaired(what: Repair, count: number): void
}

/** All of them hear of everything. */
export function together(observers: readonly Observer[]): Observer {
  return {
    step: (step, work) =>
      observers.reduceRight((inner, observer) => () => observer.step(step, inner), work)(),
    repaired(what, count) {
      for (const observer of observers) observer.repaired(what, count)
    },
  }
}
