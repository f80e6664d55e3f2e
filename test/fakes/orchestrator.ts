import type { ClusterVolume, ObjectRef, Orchestrator } from '../../src/controller/cluster-ports.ts'

/** What a cluster knows, in memory. */
export class FakeOrchestrator implements Orchestrator {
  known: ClusterVolume[] = []
  nodes = new Set<string>()
  snapshots: string[] = []
  readonly deletedClaims: string[] = []
  /** Called before each list of the PersistentVolumes. */
  looking: () => void = () => undefined

  volumes(): Promise<ClusterVolume[]> {
    this.looking()
    return Promise.resolve(this.known)
  }

  snapshotIds(): Promise<readonly string[]> {
    return Promise.resolve(this.snapshots)
  }

  nodesForPods(): Promise<ReadonlySet<string>> {
    return Promise.resolve(this.nodes)
  }

  clusterUid(): Promise<string> {
    return Promise.resolve('this-cluster')
  }

  nodeNames(): Promise<ReadonlySet<string>> {
    return Promise.resolve(this.nodes)
  }

  deleteClaim({ name }: ObjectRef): Promise<void> {
    this.deletedClaims.push(name)
    return Promise.resolve()
  }

  /** Makes a PersistentVolume that is bound to a claim of the same name. */
  bind(name: string, volumeId: string, nodeName: string): void {
    const volume = { kind: 'PersistentVolume', namespace: undefined, name, uid: `pv-${name}` } as const
    const claim = { kind: 'PersistentVolumeClaim', namespace: 'shop', name, uid: `claim-${name}` } as const
    this.known = [...this.known, { volumeId, volume, claim, nodeName }]
  }
}
