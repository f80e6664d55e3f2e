import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('../', import.meta.url))

/**
 * Writes generated files; with `--check` on the command line it only lists those that are out of date.
 * @param files the generator of each file, by its path in the project's directory
 * @param script the npm script that generates them
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
