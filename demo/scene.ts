import type { DriverProcess } from './driver-process.ts'
import type { Evidence, Inventory } from './evidence.ts'
import type { Narrator } from './narrator.ts'
import type { Orchestrator } from './orchestrator.ts'
import type { Plan } from './plan.ts'
import type { Workspace } from './workspace.ts'

/** Everything that the acts of the story need. */
export interface Scene {
  readonly narrator: Narrator
  readonly workspace: Workspace
  readonly driver: DriverProcess
  readonly kubernetes: Orchestrator
  readonly evidence: Evidence
  readonly plan: Plan
  /** The state of the machine before the demo. */
  readonly before: Inventory
  readonly signal: AbortSignal
}
