import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface Entry {
  readonly file: string
  readonly stat: Stats
}

/** Everything below a directory, but not what is mounted there. What goes away meanwhile is left out. */
export async function* eachEntry(directory: string): AsyncGenerator<Entry> {
  yield* entriesOn((await lstat(directory)).dev, directory)
}

async function* entriesOn(device: number, directory: string): AsyncGenerator<Entry> {
  for (const name of await readdir(directory).catch(() => [])) {
    const file = join(directory, name)
    const stat = await lstat(file).catch(() => undefined)
    if (!stat) continue
    yield { file, stat }
    if (stat.isDirectory() && stat.dev === device) yield* entriesOn(device, file)
  }
}
