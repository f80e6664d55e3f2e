import { isMap, isNode, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml'

const BEGIN = '<!-- values: made by `npm run manifests` -->'
const END = '<!-- end of values -->'

/** What a chart's value is for. */
export interface ValueDoc {
  /** `node.resources` */
  readonly path: string
  /** As JSON. */
  readonly initial: string
  readonly description: string
}

/** The values that have a comment `# -- …` in front of them, in their order. */
export function documentedValues(valuesYaml: string): ValueDoc[] {
  const { contents } = parseDocument(valuesYaml)
  return isMap(contents) ? ofMap(contents, '') : []
}

/** Puts the table of all values between the markers of a README. */
export function withTable(readme: string, valuesYaml: string): string {
  const [before = '', rest = ''] = readme.split(BEGIN)
  const [, after = ''] = rest.split(END)
  const rows = documentedValues(valuesYaml).map(
    ({ path, initial, description }) => `| \`${path}\` | \`${initial}\` | ${description} |`,
  )
  const table = ['| value | default | what for |', '| --- | --- | --- |', ...rows].join('\n')
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`
}

function ofMap(map: YAMLMap, prefix: string): ValueDoc[] {
  // The comment in front of a map's first key belongs to the map, for the parser.
  let comment = map.commentBefore
  return map.items.flatMap((pair: Pair) => {
    const path = `${prefix}${String(pair.key)}`
    const own = isScalar(pair.key) ? pair.key.commentBefore : undefined
    const description = describe(own ?? comment)
    comment = undefined
    if (description !== undefined) return [{ path, initial: toJson(pair.value), description }]
    return isMap(pair.value) ? ofMap(pair.value, `${path}.`) : []
  })
}

function describe(comment: string | null | undefined): string | undefined {
  return /^ -- (.+)$/m.exec(comment ?? '')?.[1]
}

function toJson(value: unknown): string {
  return JSON.stringify(isNode(value) ? value.toJSON() : value)
}
