import { volumeIdFor } from '../../../src/volumes/model/ids.ts'

export const DRIVER = 'loop.csi.local'

/** Every so many volumes have a snapshot. */
const VOLUMES_PER_SNAPSHOT = 10

/** How large a simulated cluster is. */
export interface Shape {
  readonly nodes: number
  /** Spread evenly over the nodes; each has a PersistentVolume. */
  readonly volumes: number
  /** Those of other drivers too. */
  readonly persistentVolumes: number
}

export function nameOfNode(index: number): string {
  return `node-${`${index}`.padStart(4, '0')}`
}

/** As csi-provisioner names a volume. */
export function nameOfVolume(index: number): string {
  return `pvc-${index.toString(16).padStart(8, '0')}-4a0b-4f5e-9a51-0123456789ab`
}

/** The node of a volume. */
export function homeOf(volume: number, { nodes }: Shape): string {
  return nameOfNode(volume % nodes)
}

export function idOfVolume(volume: number, shape: Shape): string {
  return volumeIdFor(homeOf(volume, shape), nameOfVolume(volume))
}

/** The names of the volumes of a node. */
export function volumesOn(node: number, { nodes, volumes }: Shape): string[] {
  const count = Math.ceil(Math.max(0, volumes - node) / nodes)
  return Array.from({ length: count }, (_, index) => nameOfVolume(node + index * nodes))
}

/** Whether a volume has a snapshot from the beginning; its name is that of the volume. */
export function hasSnapshot(name: string): boolean {
  return Number.parseInt(name.slice('pvc-'.length), 16) % VOLUMES_PER_SNAPSHOT === 0
}
