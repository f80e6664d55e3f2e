import { setImmediate } from 'node:timers/promises'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { common, type Definition } from './definitions.ts'
import { exposition, type Sample } from './exposition.ts'
import type { Pages } from './http-server.ts'

export type { Sample } from './exposition.ts'

/** From the look-up of a volume to the copy of a large one. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Text is encoded in pieces of about this size, between which other work of the process goes on. */
const PIECE_CHARACTERS = 64 << 10

type LookedUp = Definition & { readonly type: 'gauge' | 'counter' }

interface Lookup {
  readonly definition: LookedUp
  readonly samples: () => Promise<Iterable<Sample>> | Iterable<Sample>
}

/** The figures of one process for Prometheus, in a registry of their own. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #lookups: Lookup[] = []
  readonly #calls = this.histogram(common.rpcDuration)

  /**
   * Counts a call that has ended.
   * @param path the method's, as gRPC has it: `/csi.v1.Controller/CreateVolume`
   */
  readonly observe = (path: string, code: string, seconds: number): void => {
    this.#calls.observe({ method: path.slice(path.lastIndexOf('/') + 1), code }, seconds)
  }

  histogram(definition: Definition & { readonly type: 'histogram' }): Histogram {
    return new Histogram({ ...this.#options(definition), buckets: BUCKETS_SECONDS })
  }

  counter(definition: Definition & { readonly type: 'counter' }): Counter {
    return new Counter(this.#options(definition))
  }

  /** One that is set. */
  gauge(definition: Definition & { readonly type: 'gauge' }): Gauge {
    return new Gauge(this.#options(definition))
  }

  /** One that is looked up when somebody asks for it. @param samples no two with the same labels */
  lookup(definition: LookedUp, samples: Lookup['samples']): void {
    this.#lookups.push({ definition, samples })
  }

  get pages(): Pages {
    return {
      '/metrics': async () => ({
        status: 200,
        type: this.#registry.contentType,
        body: await this.#render(),
      }),
    }
  }

  /** All figures as text, in pieces. */
  async #render(): Promise<readonly Uint8Array[]> {
    // Buffers are outside of the JavaScript heap, which is small: 20,000 volumes are 10 MiB of text.
    const pieces = [Buffer.from(await this.#registry.metrics())]
    for (const { definition, samples } of this.#lookups) {
      let piece = '\n'
      for (const lines of exposition(definition, withDefault(definition, await samples()))) {
        piece += lines
        if (piece.length < PIECE_CHARACTERS) continue
        pieces.push(Buffer.from(piece))
        piece = ''
        await setImmediate()
      }
      pieces.push(Buffer.from(piece))
    }
    return pieces
  }

  #options({ name, help, labels }: Definition) {
    return { name, help, labelNames: labels, registers: [this.#registry] }
  }
}

/** A metric without labels is 0 where there is nothing to tell, as in every client library. */
function* withDefault({ labels }: Definition, samples: Iterable<Sample>): Generator<Sample> {
  let isEmpty = true
  for (const sample of samples) {
    isEmpty = false
    yield sample
  }
  if (isEmpty && labels.length === 0) yield { labels: {}, value: 0 }
}
