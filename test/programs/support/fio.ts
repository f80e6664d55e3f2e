import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { until } from './until.ts'

/** Each block has a checksum, and says where it belongs. */
const checked = ['--bs=16k', '--size=32m', '--verify=crc32c', '--verify_fatal=1', '--verify_dump=0']

/** Writes with and without the page cache, in turn. */
const ways = [['--direct=1'], ['--direct=0', '--fsync=64']]

const MAX_OUTPUT_CHARACTERS = 4000

/**
 * fio, which writes a file at random places and verifies it, in one pass after the other. After the first one
 * every block of the file is whole, at each point in time.
 */
export class Fio implements AsyncDisposable {
  /** How many passes were verified. */
  passes = 0
  readonly #directory: string
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #failure: unknown

  constructor(directory: string) {
    this.#directory = directory
    this.#running = this.#run().catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Waits until so many more passes are verified. @throws what a pass found */
  async advance(passes: number, signal: AbortSignal): Promise<void> {
    const goal = this.passes + passes
    await until(() => {
      if (this.#failure !== undefined) throw this.#failure as Error
      return this.passes >= goal
    }, signal)
  }

  /** Lets the last pass end. @throws what it found */
  async end(): Promise<void> {
    this.#stop.abort()
    await this.#running
    if (this.#failure !== undefined) throw this.#failure as Error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const way = ways[this.passes % ways.length] ?? []
      const seed = `--randseed=${this.passes + 1}`
      await fio(this.#directory, '--rw=randwrite', '--do_verify=1', seed, ...way)
      this.passes++
    }
  }
}

/** Reads the file in a copy of the directory. @throws Error when a block is not whole */
export async function verifyCopy(directory: string): Promise<void> {
  await fio(directory, '--rw=read', '--do_verify=1')
}

/** In a group of its own: Ctrl-C must reach only us. It ends by itself. */
async function fio(directory: string, ...args: string[]): Promise<void> {
  const file = `--filename=${join(directory, 'fio')}`
  const child = spawn('fio', ['--name=data', '--ioengine=psync', file, ...checked, ...args], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on(
      'data',
      (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-MAX_OUTPUT_CHARACTERS)),
    )
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`fio ${args.join(' ')} in ${directory}: ${output.trim()}`)
}
