import type { Observer, Repair, Step } from '../../src/volumes/model/observer.ts'

/** Records its calls, in order. */
export class RecordingObserver implements Observer {
  readonly steps: Step[] = []
  readonly failed: Step[] = []
  readonly repairs: [kind: Repair, count: number][] = []

  async step<T>(step: Step, work: () => Promise<T>): Promise<T> {
    this.steps.push(step)
    try {
      return await work()
    } catch (error) {
      this.failed.push(step)
      throw error
    }
  }

  repaired(kind: Repair, count: number): void {
    if (count > 0) this.repairs.push([kind, count])
  }
}
