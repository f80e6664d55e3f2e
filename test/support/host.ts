import type { CsiClient } from '../../src/csi/client.ts'

/** A machine with a driver, as the volumes of a test need it. */
export interface TestHost {
  /** Goes into the names that the kubelet makes up. */
  readonly id: string
  /** Below it are all paths of the CO, and the data directory. */
  readonly path: string
  readonly dataDir: string
  readonly client: Pick<CsiClient, 'controller' | 'groupController' | 'node'>
  /** Makes one below `path`. */
  directory(...names: string[]): Promise<string>
}
