import type { Kind } from './places/kinds.ts'
import type { Place } from './places/place.ts'
import type { TestResult } from './outcomes.ts'
import type { Ended } from './run-confined.ts'

export interface Extent {
  /** A part of each tool, for every change; else all of it. */
  readonly isSample: boolean
  /** How long a program runs that runs for a time. */
  readonly seconds: number
}

/** One start of a tool, on a volume of its own. */
export interface ToolRun {
  /** Unique among the runs of the tool on a kind of volume. */
  readonly name: string
  /** @returns its arguments; may write files into `scratch` */
  readonly command: (place: Pick<Place, 'path' | 'scratch'>) => readonly string[] | Promise<readonly string[]>
  /** Reads the outcome of each single test. */
  readonly read: (ended: Ended) => TestResult[]
}

/** A test program of another project. */
export interface Tool {
  readonly name: string
  /** The version that is installed. */
  readonly version: () => Promise<string>
  /** @returns none for volumes that it cannot test */
  readonly runs: (kind: Kind, extent: Extent) => readonly ToolRun[] | Promise<readonly ToolRun[]>
}

/**
 * For a program that is one test: it has passed when it ends with 0.
 * @throws Error when it prints its usage: it was called in a wrong way, on both volumes
 */
export function asOneTest(name: string, { exitCode, stderr, stdout }: Ended): TestResult[] {
  if (exitCode === 0) return [{ name, outcome: 'passed' }]
  if (/^usage/im.test(`${stderr}\n${stdout}`)) throw new Error(`${name}: ${stderr.trim() || stdout.trim()}`)
  return [
    { name, outcome: 'failed', detail: `exit code ${exitCode}: ${lastLine(stderr) || lastLine(stdout)}` },
  ]
}

export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? ''
}
