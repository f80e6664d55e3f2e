import { kinds, type Kind } from './places/kinds.ts'
import { verdicts, type Comparison, type Verdict } from './outcomes.ts'
import { excluded } from './tools/stressors.ts'
import { knownReason } from './known-failures.ts'
import type { Finding } from './third-party.ts'

export const kindNames: Readonly<Record<Kind, string>> = {
  ext4: 'ext4',
  xfs: 'xfs',
  btrfs: 'btrfs',
  block: 'raw block',
}

/**
 * For docs/reliability.md.
 * @param versions of the tools, by name
 * @param seconds for which a stressor or a load has run
 */
export function reportOf(
  findings: readonly Finding[],
  versions: ReadonlyMap<string, string>,
  seconds: number,
): string {
  return [
    `Each stressor and each load has run for ${seconds} s. Tests that passed / failed on both / failed on ours only:`,
    table(findings, versions),
    ...listOf('failed on both', 'These fail on the plain loop device too:', findings),
    ...listOf('only ours', 'These fail on ours only:', findings),
    ...listOf('only losetup', 'These fail on the plain loop device only:', findings),
    'These stressors of stress-ng are left out, because they do not test the volume:',
    Object.entries(excluded)
      .map(([name, reason]) => `- \`${name}\` ${reason}`)
      .join('\n'),
  ].join('\n\n')
}

function table(findings: readonly Finding[], versions: ReadonlyMap<string, string>): string {
  const names = [...new Set(findings.map(({ tool }) => tool.name))]
  const head = ['tool', ...kinds.map((kind) => kindNames[kind])]
  const rows = names.map((name) => [
    `${name} ${versions.get(name) ?? ''}`.trim(),
    ...kinds.map((kind) => cellOf(findings.find((found) => found.tool.name === name && found.kind === kind))),
  ])
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function cellOf(finding: Finding | undefined): string {
  if (!finding) return ''
  const count = countsOf(finding.comparisons)
  return [count.passed + count['only losetup'], count['failed on both'], count['only ours']].join(' / ')
}

export function countsOf(comparisons: readonly Comparison[]): Record<Verdict, number> {
  const counts = verdicts.map((verdict) => [
    verdict,
    comparisons.filter((comparison) => comparison.verdict === verdict).length,
  ])
  return Object.fromEntries(counts) as Record<Verdict, number>
}

/** One line for a test, with all kinds of volumes on which it has this verdict. */
function listOf(verdict: Verdict, title: string, findings: readonly Finding[]): string[] {
  const lines = new Map<string, string[]>()
  for (const { tool, kind, comparisons } of findings) {
    for (const { name, detail } of comparisons.filter((comparison) => comparison.verdict === verdict)) {
      const reason = knownReason(tool.name, name) ?? `unexplained: ${detail}`
      const line = `${tool.name} \`${name}\`: ${reason}`
      lines.set(line, [...(lines.get(line) ?? []), kindNames[kind]])
    }
  }
  if (lines.size === 0) return []
  return [title, [...lines].map(([line, where]) => `- ${line} (${where.join(', ')})`).join('\n')]
}
