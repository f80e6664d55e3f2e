import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { common, node, type Definition } from '../src/monitoring/definitions.ts'
import { repairs, steps } from '../src/volumes/observer.ts'

/** `npm run metrics` writes the page of all metrics; with `--check` it only tells when that is out of date. */
const PAGE = fileURLToPath(new URL('../docs/reference/metrics.md', import.meta.url))

const made = await format(page(), { ...(await resolveConfig(PAGE)), parser: 'markdown' })
const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values
if (made !== (await readFile(PAGE, 'utf8').catch(() => ''))) {
  if (check) {
    console.error(
      'docs/reference/metrics.md is out of date: run `npm run metrics` and commit what it changes.',
    )
    process.exitCode = 1
  } else {
    await writeFile(PAGE, made)
  }
}

function page(): string {
  return `# Metrics

Made of src/monitoring/definitions.ts by \`npm run metrics\`.

Both roles serve them at \`/metrics\` of \`--http\`. Names and units follow Prometheus' rules: base units, counters with \`_total\`.

## Both roles

${table(common)}

## Node

${table(node)}

- \`step\`: ${list(steps)}
- \`result\`: ${list(['success', 'error'])}
- \`kind\`: ${list(repairs)}
- \`state\`: ${list(['bound', 'free'])}
`
}

function list(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ')
}

function table(definitions: Readonly<Record<string, Definition>>): string {
  const rows = Object.values(definitions).map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${list(labels)} | ${help} |`,
  )
  return ['| metric | type | labels | what it tells |', '| --- | --- | --- | --- |', ...rows].join('\n')
}
