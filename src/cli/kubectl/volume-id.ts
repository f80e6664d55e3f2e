import { isId } from '../../volumes/model/ids.ts'
import type { Kubectl } from './kubectl.ts'

interface Claim {
  readonly spec: { readonly volumeName?: string }
}

interface PersistentVolume {
  readonly spec: { readonly csi?: { readonly driver: string; readonly volumeHandle: string } }
}

/**
 * The id of what is named on the command line.
 * @param reference an id of a volume or a snapshot, `<claim>`, `<namespace>/<claim>`, or `pv/<name>`
 * @param namespace of a claim without one; undefined: that of kubectl's context
 * @throws Error when there is no such thing, or it has no volume of this driver
 */
export async function volumeIdOf(
  kubectl: Kubectl,
  reference: string,
  namespace: string | undefined,
): Promise<string> {
  if (isId(reference)) return reference
  const [first = '', second] = reference.split('/')
  const name =
    first === 'pv' && second !== undefined ? second : await volumeOfClaim(kubectl, reference, namespace)
  const { spec } = await kubectl.get<PersistentVolume>('persistentvolume', name)
  const id = spec.csi?.volumeHandle ?? ''
  if (isId(id)) return id
  throw new Error(`PersistentVolume "${name}" is no volume of csi-driver-loop`)
}

async function volumeOfClaim(
  kubectl: Kubectl,
  reference: string,
  namespace: string | undefined,
): Promise<string> {
  const slash = reference.indexOf('/')
  const within = slash < 0 ? namespace : reference.slice(0, slash)
  const name = reference.slice(slash + 1)
  const claim = ['persistentvolumeclaim', name, ...(within === undefined ? [] : [`--namespace=${within}`])]
  const { spec } = await kubectl.get<Claim>(...claim)
  if (spec.volumeName !== undefined) return spec.volumeName
  throw new Error(`claim "${reference}" has no volume yet`)
}
