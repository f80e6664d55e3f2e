import { expiryReason, type Validity } from '../../csi/certificates.ts'
import type { VolumeHealth } from '../../csi/generated/csi/v1/VolumeHealth.ts'
import { issueOf } from '../../volumes/issues/catalogue.ts'
import type { ClusterVolume, Notice, ObjectRef } from '../cluster-ports.ts'
import type { RemoteNode } from '../remote-node.ts'
import type { OrphanedVolume } from './mismatches.ts'

/** How many orphaned volumes a notice lists. */
const MAX_LISTED = 10

export function healthNotices({ claim, volume }: ClusterVolume, { healthStatuses }: VolumeHealth): Notice[] {
  return healthStatuses.map(({ message, reason }) => ({ about: claim ?? volume, reason, message }))
}

export function missingNotice({ claim, volume, volumeId }: ClusterVolume, nodeName: string): Notice {
  return { about: claim ?? volume, ...issueOf('VolumeMissing', { volumeId, node: nodeName }) }
}

export function lostNotice({ claim, nodeName = '', volume, volumeId }: ClusterVolume): Notice {
  return { about: claim ?? volume, ...issueOf('NodeLost', { volumeId, node: nodeName }) }
}

/** One notice per node that has orphaned volumes. */
export function orphanNotices(orphans: readonly OrphanedVolume[]): Notice[] {
  const byNode = Map.groupBy(orphans, ({ node }) => node.name)
  return [...byNode].map(([name, ofNode]) => {
    const ids = ofNode.map(({ volumeId }) => volumeId).sort()
    const listed = ids.slice(0, MAX_LISTED)
    return {
      about: nodeRef(name),
      ...issueOf('OrphanedVolumes', { listed, more: ids.length - listed.length }),
    }
  })
}

/** Notices of certificates that expire soon or have expired. @param about the object that has them */
export function certificateNotices(about: ObjectRef, validities: readonly Validity[], now: Date): Notice[] {
  return validities.flatMap((validity) => {
    const reason = expiryReason(validity, now)
    return reason === undefined ? [] : [{ about, ...issueOf(reason, validity) }]
  })
}

/** Notices of the certificates of the nodes. */
export function nodeCertificateNotices(nodes: readonly RemoteNode[], now: Date): Notice[] {
  return nodes.flatMap(({ name, certificate }) =>
    certificate ? certificateNotices(nodeRef(name), [certificate], now) : [],
  )
}

/** The kubelet's events also use the node's name as its uid. */
function nodeRef(name: string): ObjectRef {
  return { kind: 'Node', namespace: undefined, name, uid: name }
}
