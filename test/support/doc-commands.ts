import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * The commands of a page, those of its blocks of `sh`, as one script: what a block sets is there in the next
 * one.
 * @param page below docs/
 * @throws when the page has none
 */
export async function commandsOf(page: string): Promise<string> {
  return (await blocksOf(page)).join('')
}

/** As `commandsOf`, block by block. */
export async function blocksOf(page: string): Promise<string[]> {
  const text = await readFile(`${ROOT}docs/${page}`, 'utf8')
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
  if (blocks.length === 0) throw new Error(`docs/${page} has no block of sh`)
  return blocks
}
