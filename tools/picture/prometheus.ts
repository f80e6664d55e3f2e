import { spawn, type ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Query } from '../monitoring/panels.ts'
import type { Line } from './svg.ts'

/** A Prometheus of its own (from PATH), that asks one driver every second. */
export class Prometheus implements AsyncDisposable {
  readonly #url: string
  readonly #child: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.#url = url
    this.#child = child
  }

  /** @param target `host:port` of the driver @param port its own */
  static async start(directory: string, target: string, port: number): Promise<Prometheus> {
    const config = join(directory, 'prometheus.yaml')
    const labels = '{ job: csi-driver-loop-node, node: n1 }'
    await writeFile(
      config,
      `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: x, static_configs: [{ targets: ['${target}'], labels: ${labels} }] }]
`,
    )
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    )
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, child)
    while (!(await prometheus.#isReady())) await setTimeout(100)
    return prometheus
  }

  /** What a panel shows between two points in time, in seconds since 1970. */
  async lines({ expr, legend }: Query, start: number, end: number, step: number): Promise<Line[]> {
    const query = expr
      .replaceAll('$__rate_interval', '15s')
      .replaceAll('$node', '.*')
      .replaceAll('$pool', '.*')
    const parameters = new URLSearchParams({ query, start: `${start}`, end: `${end}`, step: `${step}` })
    const response = await fetch(`${this.#url}/api/v1/query_range?${parameters.toString()}`)
    const { data, error } = (await response.json()) as Answer
    if (!data) throw new Error(`${query}: ${error}`)
    return data.result.map(({ metric, values }) => ({
      name: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
      points: values
        .map(([time, value]) => [time - start, Number(value)] as const)
        // A rate of nothing.
        .filter(([, value]) => Number.isFinite(value)),
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.kill()
    await ended
  }

  async #isReady(): Promise<boolean> {
    return fetch(`${this.#url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  }
}

/** prometheus.io/docs/prometheus/latest/querying/api */
interface Answer {
  readonly error?: string
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>
      readonly values: readonly (readonly [time: number, value: string])[]
    }[]
  }
}
