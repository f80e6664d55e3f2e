import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { common, type Definition } from './definitions.ts'
import type { Pages } from './http-server.ts'

/** From the look-up of a volume to the copy of a large one. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** A figure and what it is about: `{pool: 'default'}`. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The figures of one process for Prometheus, in a registry of their own. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #calls = this.histogram(common.rpcDuration)

  /** Counts a call that has ended. @param path the method's, as gRPC has it: `/csi.v1.Controller/CreateVolume` */
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

  /** One that is looked up when somebody asks for it. */
  lookup(
    definition: Definition & { readonly type: 'gauge' | 'counter' },
    samples: () => Promise<Sample[]> | Sample[],
  ): void {
    const collect = async (): Promise<void> => {
      const found = await samples()
      // What was there the last time may be gone.
      metric.reset()
      for (const { labels, value } of found) metric.inc(labels, value)
    }
    const options = { ...this.#options(definition), collect }
    const metric = definition.type === 'gauge' ? new Gauge(options) : new Counter(options)
  }

  get pages(): Pages {
    return {
      '/metrics': async () => ({
        status: 200,
        type: this.#registry.contentType,
        body: await this.#registry.metrics(),
      }),
    }
  }

  #options({ name, help, labels }: Definition) {
    return { name, help, labelNames: labels, registers: [this.#registry] }
  }
}
