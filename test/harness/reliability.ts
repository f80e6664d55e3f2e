import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { format, resolveConfig } from 'prettier'

const run = promisify(execFile)
const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))

/**
 * Writes what a run has found into docs/reliability.md, in place of what its last run has found.
 * @param name of the run: its block of the page is between `<!-- run: NAME -->` and `<!-- end of NAME -->`
 * @param since when the run has begun, as `performance.now()` gives it
 * @param results Markdown
 * @throws Error when the page has no such block
 */
export async function writeReport(name: string, since: number, results: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8')
  const text = withBlock(page, name, `${await circumstances(since)}\n\n${results.trim()}`)
  await writeFile(PAGE, await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' }))
}

/** @returns the page with another content of a block. @throws Error when it has no such block */
export function withBlock(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- run: ${name} -->`, `<!-- end of ${name} -->`]
  const [before, rest] = split(page, begin)
  const [, after] = split(rest, end)
  return `${before}${begin}\n\n${content}\n\n${end}${after}`
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  if (at < 0) throw new Error(`the page has no ${mark}`)
  return [text.slice(0, at), text.slice(at + mark.length)]
}

async function circumstances(since: number): Promise<string> {
  const { stdout: commit } = await run('git', ['describe', '--always', '--dirty'])
  const minutes = Math.max(1, Math.round((performance.now() - since) / 60_000))
  const day = new Date().toISOString().slice(0, 10)
  return `_${day}, commit ${commit.trim()}, Linux ${release()}, ${availableParallelism()} cores, ${minutes} min._`
}
