/** One line of a chart. */
export interface Line {
  readonly name: string
  /** Times in seconds from the beginning, and values. */
  readonly points: readonly (readonly [seconds: number, value: number])[]
}

export interface Chart {
  readonly title: string
  readonly lines: readonly Line[]
  /** A value as people read it. */
  readonly format: (value: number) => string
}

const COLUMNS = 3
const WIDTH = 300
const HEIGHT = 150
const GAP = 12
const TITLE = 20
/** Of the space below the axis, per line of the legend. */
const LEGEND = 11
const SHOWN = 3
const PLOT = HEIGHT - TITLE - SHOWN * LEGEND - 4
const COLORS = ['#3274d9', '#e0752d', '#37872d', '#a352cc', '#c4162a', '#0e8a8a', '#8f6b00', '#555555']

/** Charts of one length of time beside and below each other, on a white ground. */
export function draw(charts: readonly Chart[], caption: string, seconds: number): string {
  const rows = Math.ceil(charts.length / COLUMNS)
  const width = COLUMNS * (WIDTH + GAP) + GAP
  const height = rows * (HEIGHT + GAP) + GAP + TITLE
  const cells = charts.map((chart, index) => {
    const x = GAP + (index % COLUMNS) * (WIDTH + GAP)
    const y = GAP + Math.floor(index / COLUMNS) * (HEIGHT + GAP)
    return `<g transform="translate(${x} ${y})">${cell(chart, seconds)}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="9">
<rect width="100%" height="100%" fill="#fff"/>
${cells.join('\n')}
<text x="${GAP}" y="${height - GAP}" fill="#555">${escape(caption)}</text>
</svg>
`
}

function cell({ title, lines, format }: Chart, seconds: number): string {
  const top = Math.max(...lines.flatMap(({ points }) => points.map(([, value]) => value)), 0)
  const place = ([time, value]: readonly [number, number]): string =>
    `${round((time / seconds) * WIDTH)},${round(TITLE + PLOT - (top > 0 ? value / top : 0) * PLOT)}`
  const byTop = lines.toSorted((a, b) => last(b) - last(a))
  const drawn = byTop.map(
    ({ points }, index) =>
      `<polyline fill="none" stroke="${colorOf(index)}" stroke-width="1.2" points="${points.map(place).join(' ')}"/>`,
  )
  const legend = byTop.slice(0, SHOWN).map(({ name }, index) => {
    const y = TITLE + PLOT + 4 + (index + 1) * LEGEND - 3
    const more = index === SHOWN - 1 && lines.length > SHOWN ? ` and ${lines.length - SHOWN} more` : ''
    return `<text x="0" y="${y}" fill="${colorOf(index)}">${escape(name)}${more}</text>`
  })
  return [
    `<text x="0" y="11" font-size="11" font-weight="bold" fill="#222">${escape(title)}</text>`,
    `<text x="${WIDTH}" y="11" text-anchor="end" fill="#555">${lines.length > 0 ? escape(format(top)) : 'nothing'}</text>`,
    `<path d="M0 ${TITLE}V${TITLE + PLOT}H${WIDTH}" fill="none" stroke="#bbb"/>`,
    ...drawn,
    ...legend,
  ].join('')
}

function last({ points }: Line): number {
  return points.at(-1)?.[1] ?? 0
}

function colorOf(index: number): string {
  return COLORS[index % COLORS.length] ?? ''
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
