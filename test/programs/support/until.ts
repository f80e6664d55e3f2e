import { setTimeout } from 'node:timers/promises'

const LOOK_EVERY_MS = 20

/** Waits for a state. @throws what looking throws, or the signal's reason */
export async function until(holds: () => boolean | Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await holds())) await setTimeout(LOOK_EVERY_MS, undefined, { signal })
}
