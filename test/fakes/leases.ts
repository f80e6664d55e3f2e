import { ApiException, V1ObjectMeta, type CoordinationV1Api, type V1Lease } from '@kubernetes/client-node'

type LeaseApi = Pick<
  CoordinationV1Api,
  'readNamespacedLease' | 'createNamespacedLease' | 'replaceNamespacedLease'
>

function refuse(code: number): never {
  throw new ApiException(code, 'refused', {}, {})
}

/** One Lease of the API server, with its versions. */
export class FakeLease implements LeaseApi {
  #lease: V1Lease | undefined
  #version = 0
  isAway = false

  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity
  }

  get transitions(): number | undefined {
    return this.#lease?.spec?.leaseTransitions
  }

  readNamespacedLease(): Promise<V1Lease> {
    this.#requireThere()
    return Promise.resolve(this.#lease ?? refuse(404))
  }

  createNamespacedLease({ body }: { body: V1Lease }): Promise<V1Lease> {
    this.#requireThere()
    return this.#lease ? refuse(409) : this.#store(body)
  }

  replaceNamespacedLease({ body }: { body: V1Lease }): Promise<V1Lease> {
    this.#requireThere()
    const isCurrent = body.metadata?.resourceVersion === this.#lease?.metadata?.resourceVersion
    return isCurrent ? this.#store(body) : refuse(409)
  }

  #store(body: V1Lease): Promise<V1Lease> {
    const stored = structuredClone(body)
    stored.metadata = Object.assign(new V1ObjectMeta(), stored.metadata, {
      resourceVersion: `${++this.#version}`,
    })
    this.#lease = stored
    return Promise.resolve(stored)
  }

  #requireThere(): void {
    if (this.isAway) throw new Error('connect ECONNREFUSED')
  }
}
