import type { Tell } from './cluster-ports.ts'

/** What the router is told of the cluster besides where the nodes are. */
export interface Surroundings {
  readonly tell: Tell
  /** True for the id of something whose node is gone for good, and its data with it. */
  readonly isGone: (id: string) => boolean
  /** The UID of the cluster; undefined without one, and while it could not be read. */
  readonly clusterUid: () => string | undefined
  /** The names of the nodes on which ordinary pods can be scheduled; undefined where that is not known. */
  readonly nodesForPods: () => Promise<ReadonlySet<string> | undefined>
}

/** Without an orchestrator nobody is there to tell, and no node is ever gone for good. */
export const alone: Surroundings = {
  tell: () => undefined,
  isGone: () => false,
  clusterUid: () => undefined,
  nodesForPods: () => Promise.resolve(undefined),
}
