import { Gauge, Histogram, Registry } from 'prom-client'
import type { Pages } from './http-server.ts'
import { addProcessMetrics } from './process-metrics.ts'

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
  readonly #calls = new Histogram({
    name: 'csi_driver_loop_rpc_duration_seconds',
    help: 'How long calls of the CSI services took, by method and status code.',
    labelNames: ['method', 'code'],
    buckets: BUCKETS_SECONDS,
    registers: [this.#registry],
  })

  constructor() {
    addProcessMetrics(this.#registry)
  }

  /** Counts a call that has ended. @param path the method's, as gRPC has it: `/csi.v1.Controller/CreateVolume` */
  readonly observe = (path: string, code: string, seconds: number): void => {
    this.#calls.observe({ method: path.slice(path.lastIndexOf('/') + 1), code }, seconds)
  }

  /** Adds figures that are looked up when somebody asks for them. */
  add(
    name: string,
    help: string,
    labelNames: readonly string[],
    samples: () => Promise<Sample[]> | Sample[],
  ): void {
    new Gauge({
      name: `csi_driver_loop_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        const found = await samples()
        // What was there the last time may be gone.
        this.reset()
        for (const { labels, value } of found) this.set(labels, value)
      },
    })
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
}
