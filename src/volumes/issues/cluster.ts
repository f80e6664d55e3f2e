import { asTheErrorSays, type IssueKind } from './issue-kind.ts'

/** Issues that only the controller sees, which compares the nodes with the objects of the cluster. */
export const clusterIssues = {
  VolumeMissing: {
    severity: 'warning',
    message: ({ volumeId, node }: { readonly volumeId: string; readonly node: string }) =>
      `volume "${volumeId}" does not exist on its node "${node}"`,
    advice: 'remedy',
    remedy: () => 'restore the claim from a snapshot or a backup',
  },
  NodeLost: {
    severity: 'warning',
    message: ({ volumeId, node }: { readonly volumeId: string; readonly node: string }) =>
      `node "${node}" no longer exists, and volume "${volumeId}" was on its disk`,
    advice: 'remedy',
    remedy: () => 'delete the claim, or bring the node back under its name',
  },
  OrphanedVolumes: {
    severity: 'warning',
    message: ({ listed, more }: { readonly listed: readonly string[]; readonly more: number }) =>
      `volumes without a PersistentVolume take space on this node: ${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    advice: 'remedy',
    remedy: () =>
      'create PersistentVolumes for those that are needed, and delete the others (--delete-orphans deletes those that this cluster has created)',
  },
  NoRoom: {
    severity: 'warning',
    message: asTheErrorSays,
    remedy: () => 'delete volumes and snapshots, or give a pool more room',
  },
  SourceOnOtherNode: {
    severity: 'warning',
    message: asTheErrorSays,
    remedy: () => 'let the pod run on the node of the source',
  },
} as const satisfies Record<string, IssueKind>
