import { tool } from '../../tool.ts'
import { debianVersion } from '../debian.ts'
import type { TestResult } from '../outcomes.ts'
import type { Kind } from '../places/kinds.ts'
import type { Ended } from '../run-confined.ts'
import { lastLine, type Tool, type ToolRun } from '../tool.ts'
import { classesOf, excluded, sampled, sizes } from './stressors.ts'

/** Of one stressor, which fight for the same files. */
const INSTANCES = 2

/** Each stressor is one test. */
export const stressNg: Tool = {
  name: 'stress-ng',
  version: () => debianVersion('stress-ng'),
  runs: async (kind, { isSample, seconds }) => {
    const stressors = isSample ? sampled[kind] : await stressorsFor(kind)
    return stressors.map((stressor) => run(stressor, kind, seconds))
  },
}

/** Of newer versions also the stressors that they have added. */
async function stressorsFor(kind: Kind): Promise<string[]> {
  const lists = await Promise.all(classesOf(kind).map((name) => tool('stress-ng', '--class', `${name}?`)))
  const names = new Set(lists.flatMap(readStressors))
  return [...names].filter((name) => !(name in excluded)).sort()
}

/** @param text `class 'io' stressors: aio aiol hdd` */
export function readStressors(text: string): string[] {
  return (
    /stressors: (.*)$/m
      .exec(text)?.[1]
      ?.split(' ')
      .filter((word) => word !== '') ?? []
  )
}

function run(stressor: string, kind: Kind, seconds: number): ToolRun {
  const common = ['--timeout', `${seconds}`, '--verify', ...(sizes[stressor] ?? [])]
  return {
    name: stressor,
    command: ({ path, scratch }) => [
      ...['stress-ng', `--${stressor}`, `${INSTANCES}`, ...common],
      ...['--temp-path', kind === 'block' ? scratch : path],
      ...(stressor === 'dev' ? ['--dev-file', path] : []),
      ...(stressor === 'fstat' ? ['--fstat-dir', path] : []),
    ],
    read: (ended) => readStressNg(stressor, ended),
  }
}

/** Of stress-ng(1), EXIT STATUS: no resources, and not implemented here. */
const SKIPPED = [3, 4]

/** Wrong options, or no memory for stress-ng itself. */
const NOT_STARTED = 1

/**
 * Its log goes to standard error. Some stressors report that they skip the test only there.
 * @throws Error when nothing was tested
 */
export function readStressNg(name: string, { exitCode, stdout, stderr }: Ended): TestResult[] {
  const log = `${stdout}\n${stderr}`
  const failure = /^stress-ng: fail: .*$/m.exec(log)?.[0]
  const reason = /^stress-ng: info: .*(?:will be skipped|skipping).*$/m.exec(log)?.[0]
  if (exitCode === NOT_STARTED) throw new Error(`stress-ng ${name}: ${lastLine(log)}`)
  if (failure !== undefined) return [{ name, outcome: 'failed', detail: withoutPid(failure) }]
  if (SKIPPED.includes(exitCode ?? 0) || (exitCode === 0 && reason !== undefined))
    return [{ name, outcome: 'skipped', detail: withoutPid(reason ?? lastLine(log)) }]
  if (exitCode === 0) return [{ name, outcome: 'passed' }]
  return [{ name, outcome: 'failed', detail: `exit code ${exitCode}: ${withoutPid(lastLine(log))}` }]
}

function withoutPid(line: string): string {
  return line.replace(/^stress-ng: \w+:\s+\[\d+\] /, '')
}
