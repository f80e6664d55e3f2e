/** What a test wants to happen at a step. */
export interface Order {
  /** `kill` and `fail` come in the place of the step, `kill-after` behind it; `hold` ends with the order. */
  readonly action: 'record' | 'hold' | 'kill' | 'kill-after' | 'fail'
  /**
   * `<call> <count>`, or `<call> <object> <count>`, or `step <count>` of all that can be held; with `
   * +<count>` that one of those that can be held behind it.
   */
  readonly step: string
  /** The errno's name, or for a command how it ends (commands.ts). */
  readonly fault: string
  /** Orders with the same content are still different orders. */
  readonly number: number
}

/** In the log of steps: the one before it is the one that the order is about. */
export const REACHED = '=> reached'
