import { readFile } from 'node:fs/promises'

/** What has reached a disk, in its order. */
export type Entry =
  | {
      readonly type: 'write'
      readonly offset: number
      readonly length: number
      /** Where its data are in the file of the data. */
      readonly at: number
    }
  /** Reads as zeros from then on. */
  | { readonly type: 'discard'; readonly offset: number; readonly length: number }
  /** All before it are durable. */
  | { readonly type: 'flush' }
  /** What a test has noted. */
  | { readonly type: 'mark'; readonly text: string }

/** Reads the journal of a disk. @param path of the journal: JSON lines */
export async function readJournal(path: string): Promise<Entry[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry)
}
