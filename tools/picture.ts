import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../test/support/cluster.ts'
import { TestNode } from '../test/support/driver.ts'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import { rows, type Panel } from './monitoring/panels.ts'
import { Prometheus } from './picture/prometheus.ts'
import { POOLS, story } from './picture/story.ts'
import { draw, type Chart } from './picture/svg.ts'

/**
 * `npm run picture` draws what the dashboard shows of a real driver, whom a real Prometheus (from PATH;
 * Debian has it) asks while something happens to volumes. Needs root.
 */
const PICTURE = fileURLToPath(new URL('../docs/reference/dashboard.svg', import.meta.url))

/** Of the lines, in seconds. */
const STEP = 3

const formats: Readonly<Record<Panel['unit'], Chart['format']>> = {
  bytes: (value) => formatBytes(BigInt(Math.round(value))),
  ops: (value) => `${value.toFixed(2)}/s`,
  percentunit: (value) => `${(value * 100).toFixed(0)}%`,
  s: (value) => `${(value * 1000).toFixed(0)} ms`,
  short: (value) => `${Math.round(value)}`,
}

await using node = await TestNode.make()
const config = join(node.path, 'config.yaml')
await writeFile(config, POOLS)
const port = await freePort()
const args = ['--http', `127.0.0.1:${port}`, '--config', config]
await node.start({ args })
await using prometheus = await Prometheus.start(node.path, `127.0.0.1:${port}`, await freePort())
const start = Math.ceil(Date.now() / 1000)
await story(node, () => node.crash({ args }))
const end = Math.floor(Date.now() / 1000)

const charts: Chart[] = []
for (const { title, unit, queries } of rows.flatMap(({ panels }) => panels)) {
  const lines = []
  for (const query of queries) lines.push(...(await prometheus.lines(query, start, end, STEP)))
  charts.push({ title, lines, format: formats[unit] })
}
const caption = `One driver, ${end - start} seconds, asked every second by Prometheus. In the corner: the top of the scale.`
await writeFile(PICTURE, draw(charts, caption, end - start))
