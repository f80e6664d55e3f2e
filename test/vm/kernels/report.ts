import { describeResult, type Result } from './results.ts'

/** All results of one kernel. */
export interface Tried {
  readonly kernel: string
  readonly results: readonly Result[]
}

/** Markdown: which tests passed on which kernel, and which ways were taken there. */
export function reportOf(tried: readonly Tried[]): string {
  const ways = tried.map(({ results }) => new Map(results.flatMap((result) => [...result.ways])))
  const names = tried.map(({ kernel }, index) => ways[index]?.get('kernel') ?? kernel)
  const runs = unique(tried.flatMap(({ results }) => results.map(({ run }) => run.name)))
  const resultOf = (name: string) => (one: Tried) => {
    const result = one.results.find(({ run }) => run.name === name)
    return result ? describeResult(result) : '–'
  }
  const whats = unique(ways.flatMap((map) => [...map.keys()])).filter((what) => what !== 'kernel')
  return [
    'Tests:',
    '',
    ...table(
      ['run', ...names],
      runs.map((name) => [name, ...tried.map(resultOf(name))]),
    ),
    '',
    'The ways that were taken; those for older kernels are taken on all, where the test makes the call of the newer fail:',
    '',
    ...table(
      ['for', ...names],
      whats.map((what) => [what, ...ways.map((map) => map.get(what) ?? '–')]),
    ),
  ].join('\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}
