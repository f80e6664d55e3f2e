import { freePort } from './cluster.ts'

/** The HTTP pages of a driver. */
export class Pages {
  readonly #port: number

  private constructor(port: number) {
    this.#port = port
  }

  static async make(): Promise<Pages> {
    return new Pages(await freePort())
  }

  /** What the driver gets besides. */
  get args(): string[] {
    return ['--http', `127.0.0.1:${this.#port}`]
  }

  async get(path: string): Promise<[status: number, body: string]> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`)
    return [response.status, await response.text()]
  }

  /** How many calls of the method have ended with this code. */
  async calls(method: string, code: string): Promise<number> {
    const [, text] = await this.get('/metrics')
    const name = `csi_driver_loop_rpc_duration_seconds_count{method="${method}",code="${code}"} `
    const line = text.split('\n').find((line) => line.startsWith(name))
    return Number(line?.slice(name.length) ?? 0)
  }
}
