import { isAnswer } from '../csi/errors.ts'
import type { CreateVolumeRequest } from '../csi/generated/csi/v1/CreateVolumeRequest.ts'
import { VolumeError, messageOf } from '../volumes/model/errors.ts'
import type { ObjectRef, Tell } from './cluster-ports.ts'

/** Makes a volume; where there is no place for it, its claim is told, too. */
export async function tellingClaim<T>(
  tell: Tell,
  request: CreateVolumeRequest,
  make: () => Promise<T>,
): Promise<T> {
  try {
    return await make()
  } catch (error) {
    const about = claimOf(request)
    const reason = reasonOf(error)
    if (about && reason !== undefined) tell({ about, reason, message: messageOf(error) })
    throw error
  }
}

function reasonOf(error: unknown): string | undefined {
  const isNodes = (answer: unknown): boolean => isAnswer(answer, 'RESOURCE_EXHAUSTED')
  if (isNodes(error) || (Error.isError(error) && isNodes(error.cause))) return 'NoRoom'
  // Nodes answer; this is what the router itself refuses: a copy elsewhere than where its source is.
  const isOurs = error instanceof VolumeError && error.kind === 'resource-exhausted'
  return isOurs ? 'SourceOnOtherNode' : undefined
}

/** csi-provisioner tells the claim (--extra-create-metadata), and names the volume after the claim's uid. */
function claimOf({ name, parameters }: CreateVolumeRequest): ObjectRef | undefined {
  const claim = parameters['csi.storage.k8s.io/pvc/name']
  const namespace = parameters['csi.storage.k8s.io/pvc/namespace']
  const [, uid] = /^pvc-([0-9a-f-]{36})$/.exec(name) ?? []
  if (claim === undefined || namespace === undefined || uid === undefined) return undefined
  return { kind: 'PersistentVolumeClaim', namespace, name: claim, uid }
}
