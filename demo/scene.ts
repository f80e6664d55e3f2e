import type { DriverProcess } from './driver-process.ts'
import type { Evidence } from './evidence.ts'
import type { Inventory } from './leftovers.ts'
import type { Narrator } from './narrator.ts'
import type { Orchestrator } from './orchestrator.ts'
import type { Plan } from './plan.ts'
import type { Workspace } from './workspace.ts'

/** What the acts of the story work with. */
export interface Scene {
  readonly narrator: Narrator
  readonly workspace: Workspace
  readonly driver: DriverProcess
  readonly kubernetes: Orchestrator
  readonly evidence: Evidence
  readonly plan: Plan
  /** The machine as it was. */
  readonly before: Inventory
  readonly signal: AbortSignal
}
