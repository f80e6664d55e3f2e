import type { Definition } from './definitions.ts'

/** A figure and what it is about: `{pool: 'default'}`. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * The lines of one metric in Prometheus' text format. prom-client would keep an object for every sample and
 * build one string of all of them: with 10,000 volumes that is more than the heap.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function* exposition(
  { help, labels, name, type }: Definition,
  samples: Iterable<Sample>,
): Generator<string> {
  yield `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
  for (const sample of samples) {
    const pairs = labels.flatMap((label) => {
      const value = sample.labels[label]
      return value === undefined ? [] : `${label}="${escapeValue(value)}"`
    })
    yield `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${sample.value}\n`
  }
}

const special: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' }

function escapeValue(text: string): string {
  return /[\\\n"]/.test(text) ? text.replaceAll(/[\\\n"]/g, (character) => special[character] ?? '') : text
}
