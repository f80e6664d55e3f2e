import { orderNumber } from './take-step.ts'

const HOUR_MS = 3_600_000

/**
 * Every order begins in another hour, so that what a driver measures only now and then is measured in each.
 */
export function watchClock(): void {
  const now = performance.now.bind(performance)
  performance.now = () => now() + orderNumber() * HOUR_MS
}
