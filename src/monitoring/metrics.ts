import { setImmediate } from 'node:timers/promises'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { common, type Definition } from './definitions.ts'
import type { Pages } from './http-server.ts'

/** From the lookup of a volume to the copy of a large one. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Text is encoded in pieces of about this size, between which the process does other work. */
const PIECE_CHARACTERS = 64 << 10

/** A value of a metric and its labels: `{pool: 'default'}`. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

type ScrapedDefinition = Definition & { readonly type: 'gauge' | 'counter' }

interface Scraped {
  readonly definition: ScrapedDefinition
  readonly samples: () => Promise<Iterable<Sample>> | Iterable<Sample>
}

/** The metrics of one process, in a registry of their own. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #scraped: Scraped[] = []
  readonly #calls = this.histogram(common.rpcDuration)

  /**
   * Counts a call that has ended.
   * @param path gRPC's path of the method: `/csi.v1.Controller/CreateVolume`
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

  gauge(definition: Definition & { readonly type: 'gauge' }): Gauge {
    return new Gauge(this.#options(definition))
  }

  /** Adds a metric whose values are read at each scrape. @param samples no two with the same labels */
  onScrape(definition: ScrapedDefinition, samples: Scraped['samples']): void {
    this.#scraped.push({ definition, samples })
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

  /** All metrics as text, in pieces. */
  async #render(): Promise<readonly Uint8Array[]> {
    // Buffers are outside of the JavaScript heap, which is small: 20,000 volumes are 10 MiB of text.
    const pieces = [Buffer.from(await this.#registry.metrics())]
    for (const { definition, samples } of this.#scraped) {
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

/** A metric without labels is 0 when it has no sample, as in every client library. */
function* withDefault({ labels }: Definition, samples: Iterable<Sample>): Generator<Sample> {
  let isEmpty = true
  for (const sample of samples) {
    isEmpty = false
    yield sample
  }
  if (isEmpty && labels.length === 0) yield { labels: {}, value: 0 }
}

/**
 * The lines of one metric in Prometheus' text format. prom-client would keep an object for every sample and
 * build one string of all of them: with 10,000 volumes that is more than the heap.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function* exposition(
  { help, labels, name, type }: Definition,
  samples: Iterable<Sample>,
): Generator<string> {
  yield `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
  for (const sample of samples) {
    const pairs = labels.flatMap((label) => {
      const value = sample.labels[label]
      return value === undefined ? [] : `${label}="${escapeValue(value)}"`
    })
    yield `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${sample.value}\n`
  }
}

const special: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' }

function escapeValue(text: string): string {
  return /[\\\n"]/.test(text) ? text.replaceAll(/[\\\n"]/g, (character) => special[character] ?? '') : text
}
