import {
  V1Lease,
  V1LeaseSpec,
  V1MicroTime,
  V1ObjectMeta,
  type CoordinationV1Api,
} from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { explain, isStatus, object } from './api.ts'

/** A holder that has not renewed the lease for this long has lost it. */
const LEASE_SECONDS = 30

/** A holder that could not renew the lease for this long stops leading, before another replica can start. */
const HELD_MS = 20_000

const RETRY_MS = 5000

export interface LeaseName {
  readonly namespace: string
  readonly name: string
}

type LeaseApi = Pick<
  CoordinationV1Api,
  'readNamespacedLease' | 'createNamespacedLease' | 'replaceNamespacedLease'
>

/**
 * Elects one of several replicas by a Lease (coordination.k8s.io/v1). As in client-go, no clocks are
 * compared: a lease has expired when it has not changed for its duration by the clock of the observer.
 */
export class Leadership implements AsyncDisposable {
  readonly #api: LeaseApi
  readonly #lease: LeaseName
  readonly #identity: string
  readonly #log: Logger
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined
  #seen = { resourceVersion: '', at: 0 }
  #heldUntil = -Infinity
  #trying: Promise<void> | undefined

  /**
   * @param identity unique for each replica: the name of the pod
   * @param now in milliseconds, of a monotonic clock
   */
  constructor(
    api: LeaseApi,
    lease: LeaseName,
    identity: string,
    log: Logger,
    now: () => number = () => performance.now(),
  ) {
    this.#api = api
    this.#lease = lease
    this.#identity = identity
    this.#log = log
    this.#now = now
  }

  /** Tries to get or renew the lease until it is disposed of. */
  start(): void {
    void this.try()
    this.#timer = setInterval(() => void this.try(), RETRY_MS)
    this.#timer.unref()
  }

  get isLeader(): boolean {
    return this.#now() < this.#heldUntil
  }

  /** Acquires or renews the lease if that is possible now. */
  try(): Promise<void> {
    this.#trying ??= this.#take(this.#identity)
      .catch((error: unknown) => {
        this.#log.warn(
          { lease: this.#lease.name, error: explain(error) },
          'cannot acquire or renew the lease; retrying',
        )
      })
      .finally(() => (this.#trying = undefined))
    return this.#trying
  }

  /** Releases the lease, so that another replica can acquire it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#trying
    if (!this.isLeader) return
    this.#heldUntil = -Infinity
    await this.#take('').catch(() => undefined)
  }

  async #take(holder: string): Promise<void> {
    const start = this.#now()
    const found = await this.#read()
    if (found && !this.#isFree(found, start)) return
    try {
      if (found) await this.#replace(found, holder)
      else await this.#create(holder)
    } catch (error) {
      // 409: another replica was faster.
      if (!isStatus(error, 409)) throw error
      return
    }
    if (holder === '') return
    if (!this.isLeader) this.#log.info({ lease: this.#lease.name }, 'this replica is the leader')
    this.#heldUntil = start + HELD_MS
  }

  #isFree({ metadata, spec }: V1Lease, now: number): boolean {
    const resourceVersion = metadata?.resourceVersion ?? ''
    if (resourceVersion !== this.#seen.resourceVersion) this.#seen = { resourceVersion, at: now }
    const holder = spec?.holderIdentity ?? ''
    if (holder === '' || holder === this.#identity) return true
    return now - this.#seen.at > (spec?.leaseDurationSeconds ?? LEASE_SECONDS) * 1000
  }

  async #read(): Promise<V1Lease | undefined> {
    try {
      return await this.#api.readNamespacedLease(this.#lease)
    } catch (error) {
      if (isStatus(error, 404)) return undefined
      throw error
    }
  }

  async #create(holder: string): Promise<void> {
    const { namespace, name } = this.#lease
    const metadata = object(V1ObjectMeta, { namespace, name })
    const body = object(V1Lease, { metadata, spec: specOf(holder, undefined) })
    await this.#api.createNamespacedLease({ namespace, body })
  }

  /** Fails with 409 when the lease has changed since it was read: the metadata have its version. */
  async #replace({ metadata, spec }: V1Lease, holder: string): Promise<void> {
    const body = object(V1Lease, { ...(metadata && { metadata }), spec: specOf(holder, spec) })
    await this.#api.replaceNamespacedLease({ ...this.#lease, body })
  }
}

function specOf(holderIdentity: string, before: V1LeaseSpec | undefined): V1LeaseSpec {
  const now = new V1MicroTime()
  const isNew = before !== undefined && before.holderIdentity !== holderIdentity
  return object(V1LeaseSpec, {
    holderIdentity,
    leaseDurationSeconds: LEASE_SECONDS,
    acquireTime: isNew ? now : (before?.acquireTime ?? now),
    renewTime: now,
    leaseTransitions: (before?.leaseTransitions ?? 0) + (isNew ? 1 : 0),
  })
}
