import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('../', import.meta.url))

/**
 * Writes files that are made of others; with `--check` on the command line it only tells which are out of date.
 * @param files how each is made, by its path from the project's directory on
 * @param script of package.json, by which people make them
 */
export async function writeOrCheck(
  files: Readonly<Record<string, () => Promise<string>>>,
  script: string,
): Promise<void> {
  const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values
  const stale: string[] = []
  for (const [file, make] of Object.entries(files)) {
    const made = await make()
    if (made === (await read(file))) continue
    stale.push(file)
    if (!check) await writeFile(root + file, made)
  }
  if (stale.length === 0) return
  console.log(`${check ? 'Out of date' : 'Written'}: ${stale.join(', ')}`)
  if (!check) return
  console.error(`Run \`npm run ${script}\` and commit what it changes.`)
  process.exitCode = 1
}

/** @returns an empty text for a file that is not there yet */
export function read(file: string): Promise<string> {
  return readFile(root + file, 'utf8').catch(() => '')
}
