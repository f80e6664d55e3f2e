import { describeExpiry, expiryOf, RENEWAL, type Validity } from '../../csi/certificate-validity.ts'
import type { VolumeHealth } from '../../csi/generated/csi/v1/VolumeHealth.ts'
import type { OrphanedVolume } from './mismatches.ts'
import type { RemoteNode } from '../remote-node.ts'
import type { ClusterVolume, Notice, ObjectRef } from '../cluster-ports.ts'

/** How many orphans a notice lists. */
const MOST_LISTED = 10

export function healthNotices({ claim, volume }: ClusterVolume, { healthStatuses }: VolumeHealth): Notice[] {
  return healthStatuses.map(({ message, reason }) => ({ about: claim ?? volume, reason, message }))
}

export function missingNotice({ claim, volume, volumeId }: ClusterVolume, nodeName: string): Notice {
  const message = `volume "${volumeId}" does not exist on its node "${nodeName}"; restore the claim from a snapshot or a backup`
  return { about: claim ?? volume, reason: 'VolumeMissing', message }
}

export function lostNotice({ claim, nodeName = '', volume, volumeId }: ClusterVolume): Notice {
  const message = `node "${nodeName}" no longer exists, and volume "${volumeId}" was on its disk; delete the claim, or bring the node back under its name`
  return { about: claim ?? volume, reason: 'NodeLost', message }
}

/** One per node. */
export function orphanNotices(orphans: readonly OrphanedVolume[]): Notice[] {
  const byNode = Map.groupBy(orphans, ({ node }) => node.name)
  return [...byNode].map(([name, ofNode]) => {
    const ids = ofNode.map(({ volumeId }) => volumeId).sort()
    const more = ids.length > MOST_LISTED ? ` and ${ids.length - MOST_LISTED} more` : ''
    return {
      about: nodeRef(name),
      reason: 'OrphanedVolumes',
      message: `volumes without a PersistentVolume take space on this node: ${ids.slice(0, MOST_LISTED).join(', ')}${more}; create PersistentVolumes for those that are needed, and delete the others (--delete-orphans deletes those that this cluster has created)`,
    }
  })
}

/** Notices of certificates that expire soon or have expired. @param about the object that has them */
export function certificateNotices(about: ObjectRef, validities: readonly Validity[], now: Date): Notice[] {
  return validities.flatMap((validity) => {
    const expiry = expiryOf(validity, now)
    if (expiry === 'valid') return []
    const reason = expiry === 'expired' ? 'CertificateExpired' : 'CertificateExpiring'
    return { about, reason, message: `${describeExpiry(validity, now)}; ${RENEWAL}` }
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
