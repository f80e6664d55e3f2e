import { waysIn } from '../guest/ways.ts'
import type { Run } from './runs.ts'

/** What a run has found. */
export interface Result {
  readonly run: Run
  readonly passed: number
  readonly skipped: number
  readonly failed: number
  /** The exit code; undefined when the guest ended before its command. */
  readonly code: number | undefined
  /** What the kernel complained of. */
  readonly complaints: readonly string[]
  readonly ways: ReadonlyMap<string, string>
}

/** @param output of the command @param console the messages of the kernel */
export function resultOf(run: Run, code: number | undefined, output: string, console: string): Result {
  const text = output.replaceAll(/\u001b\[[0-9;]*m/g, '')
  const [, summary = ''] = /^Tests: +(.*)$/m.exec(text) ?? []
  const count = (kind: string): number => Number(new RegExp(`(\\d+) ${kind}`).exec(summary)?.[1] ?? 0)
  return {
    run,
    passed: count('passed'),
    skipped: count('skipped'),
    failed: count('failed'),
    code,
    complaints: console.split('\n').filter((line) => /\b(BUG|WARNING|Oops|KASAN|UBSAN)\b:?/.test(line)),
    ways: waysIn(text),
  }
}

export function isGood({ code, complaints }: Result): boolean {
  return code === 0 && complaints.length === 0
}

/** For people: `120 passed, 2 skipped`. */
export function describeResult({ code, complaints, failed, passed, skipped }: Result): string {
  const counts = [
    [passed, 'passed'],
    [skipped, 'skipped'],
    [failed, 'failed'],
    [complaints.length, 'complaints of the kernel'],
  ] as const
  const parts = counts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`)
  if (code === undefined) return [...parts, 'the guest ended early'].join(', ')
  if (parts.length === 0) return code === 0 ? 'passed' : `exit code ${code}`
  return parts.join(', ')
}
