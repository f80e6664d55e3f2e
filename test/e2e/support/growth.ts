import { eventually, type Patience } from '../../support/eventually.ts'
import { get, type KubeObject } from './kubectl.ts'
import type { Namespace } from './namespace.ts'

interface Claim extends KubeObject {
  readonly spec: { readonly volumeName: string }
  readonly status: { readonly capacity: { readonly storage: string } }
}

interface Volume extends KubeObject {
  readonly spec: { readonly capacity: { readonly storage: string } }
}

/** Asks for another size of a claim. */
export function grow(on: Namespace, claim: string, size: string): Promise<void> {
  return on.patch('pvc', claim, { spec: { resources: { requests: { storage: size } } } })
}

/** Waits until the volume has the size, whatever its file system has. */
export async function volumeGrown(
  on: Namespace,
  claim: string,
  size: string,
  patience?: Patience,
): Promise<void> {
  await eventually(
    `the volume of ${claim} has ${size}`,
    async () => {
      const { spec } = await on.get<Claim>('pvc', claim)
      const volume = await get<Volume>('pv', spec.volumeName)
      expectSize(volume.spec.capacity.storage, size)
    },
    patience,
  )
}

/**
 * Waits until the claim has the size, and so its file system.
 * @param pod one that uses it, if any does
 */
export async function claimGrown(
  on: Namespace,
  { claim, pod, size }: { readonly claim: string; readonly pod: string; readonly size: string },
  patience?: Patience,
): Promise<void> {
  await eventually(
    `${claim} has ${size}`,
    async () => {
      await hurry(on, pod)
      const { status } = await on.get<Claim>('pvc', claim)
      expectSize(status.capacity.storage, size)
    },
    patience,
  )
}

/** The kubelet looks for volumes to grow about once a minute, and whenever it sees a pod change. */
export async function hurry(on: Namespace, pod: string): Promise<void> {
  const pods = await on.getAll('pod', `--field-selector=metadata.name=${pod}`)
  if (pods.length > 0)
    await on.patch('pod', pod, { metadata: { annotations: { hurry: String(Date.now()) } } })
}

function expectSize(actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`it has ${actual}`)
}
