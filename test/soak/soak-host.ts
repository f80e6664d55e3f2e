import { mkdir, rmdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { TestHost } from '../support/host.ts'
import type { Services } from './carried-client.ts'

/** Plays the CO: makes the directories in which volumes are shown, and removes them again. */
export class SoakHost implements TestHost {
  readonly path: string
  readonly dataDir: string
  readonly client: Services
  readonly #directories: string[] = []

  constructor(path: string, dataDir: string, client: Services) {
    this.path = path
    this.dataDir = dataDir
    this.client = client
  }

  get id(): string {
    return basename(this.path)
  }

  async directory(...names: string[]): Promise<string> {
    let path = this.path
    for (const name of names) {
      path = join(path, name)
      if (await makeDirectory(path)) this.#directories.push(path)
    }
    return path
  }

  /**
   * To be called when nothing is shown any more.
   * @throws ENOTEMPTY or EBUSY where the driver left something
   */
  async tidy(): Promise<void> {
    for (let path = this.#directories.pop(); path !== undefined; path = this.#directories.pop())
      await rmdir(path)
  }
}

/** @returns whether it was not there */
async function makeDirectory(path: string): Promise<boolean> {
  return (await mkdir(path, { recursive: true })) !== undefined
}
