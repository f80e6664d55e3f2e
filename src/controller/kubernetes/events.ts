import { createHash } from 'node:crypto'
import {
  CoreV1Event,
  PatchStrategy,
  V1EventSource,
  V1ObjectMeta,
  V1ObjectReference,
  setHeaderOptions,
  type CoreV1Api,
} from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { Notice } from '../cluster-ports.ts'
import { explain, isStatus, object } from './api.ts'

/** How often a lasting issue is reported again. The API server deletes events after an hour. */
const REPEAT_MS = 1_800_000

/** Rate limit of events: a burst, then one per `REFILL_MS`. */
const BURST = 25
const REFILL_MS = 2000

/** Number of different notices that are kept. */
const MAX_NOTICES = 5000

/** The API server's limit on the message of an Event. */
const MAX_MESSAGE_CHARACTERS = 1024

type EventApi = Pick<CoreV1Api, 'createNamespacedEvent' | 'patchNamespacedEvent'>

interface Reported {
  /** Undefined until the Event is created. */
  name: string | undefined
  count: number
  at: number
}

/**
 * Writes notices as Events. A repeated notice is the same Event with a higher count. Their rate is limited,
 * for the API server and for readers; a notice over the limit is written in a later round.
 */
export class EventRecorder implements AsyncDisposable {
  readonly #api: EventApi
  readonly #component: string
  readonly #log: Logger
  readonly #now: () => number
  readonly #reported = new Map<string, Reported>()
  #tokens = BURST
  #refilledAt: number
  #last = Promise.resolve()

  /** @param now in milliseconds, of a monotonic clock */
  constructor(api: EventApi, component: string, log: Logger, now: () => number = () => performance.now()) {
    this.#api = api
    this.#component = component
    this.#log = log
    this.#now = now
    this.#refilledAt = now()
  }

  readonly report = (notice: Notice): void => {
    const key = keyOf(notice)
    const before = this.#reported.get(key)
    if (before && this.#now() - before.at < REPEAT_MS) return
    if (!this.#takeToken()) return
    const reported = before ?? { name: undefined, count: 0, at: 0 }
    reported.at = this.#now()
    reported.count++
    this.#remember(key, reported)
    // One after another, so that an Event exists before it is patched.
    this.#last = this.#last
      .then(() => this.#write(notice, reported))
      .catch((error: unknown) => {
        this.#log.warn({ reason: notice.reason, error: explain(error) }, 'cannot write an event')
      })
  }

  /** Waits for the writes that are running. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last
  }

  async #write(notice: Notice, reported: Reported): Promise<void> {
    const namespace = namespaceOf(notice)
    if (reported.name !== undefined) {
      try {
        const body = { count: reported.count, lastTimestamp: new Date() }
        const options = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
        await this.#api.patchNamespacedEvent({ namespace, name: reported.name, body }, options)
        return
      } catch (error) {
        // 404: the API server has deleted the Event.
        if (!isStatus(error, 404)) throw error
      }
    }
    reported.name = await this.#create(notice, namespace, reported.count)
  }

  async #create({ about, message, reason }: Notice, namespace: string, count: number): Promise<string> {
    const now = new Date()
    const name = `${about.name}.${(now.getTime() * 1000 + count).toString(16)}`
    const { kind, uid } = about
    const body = object(CoreV1Event, {
      metadata: object(V1ObjectMeta, { namespace, name }),
      involvedObject: object(V1ObjectReference, {
        apiVersion: 'v1',
        kind,
        name: about.name,
        uid,
        ...(about.namespace !== undefined && { namespace }),
      }),
      type: 'Warning',
      reason,
      message: message.slice(0, MAX_MESSAGE_CHARACTERS),
      source: object(V1EventSource, { component: this.#component }),
      firstTimestamp: now,
      lastTimestamp: now,
      count,
    })
    await this.#api.createNamespacedEvent({ namespace, body })
    return name
  }

  #takeToken(): boolean {
    const now = this.#now()
    const refilled = Math.floor((now - this.#refilledAt) / REFILL_MS)
    this.#tokens = Math.min(BURST, this.#tokens + refilled)
    this.#refilledAt += refilled * REFILL_MS
    if (this.#tokens === 0) return false
    this.#tokens--
    return true
  }

  /** Drops the notice that was reported least recently. */
  #remember(key: string, reported: Reported): void {
    this.#reported.delete(key)
    this.#reported.set(key, reported)
    const [oldest] = this.#reported.keys()
    if (this.#reported.size > MAX_NOTICES && oldest !== undefined) this.#reported.delete(oldest)
  }
}

function keyOf({ about, message, reason }: Notice): string {
  return createHash('sha256')
    .update(JSON.stringify([about.uid, reason, message]))
    .digest('base64')
}

/** Events of objects without a namespace are in the namespace default. */
function namespaceOf({ about }: Notice): string {
  return about.namespace ?? 'default'
}
