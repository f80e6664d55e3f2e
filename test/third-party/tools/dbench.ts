import { debianVersion } from '../debian.ts'
import type { TestResult } from '../outcomes.ts'
import type { Kind } from '../places/kinds.ts'
import type { Ended } from '../run-confined.ts'
import { asOneTest, type Tool, type ToolRun } from '../tool.ts'

/** A recorded load of an office's file server, which the package brings along. */
const LOAD = '/usr/share/dbench/client.txt'
const CLIENTS = 4

const sampled: readonly Kind[] = ['btrfs']

export const dbench: Tool = {
  name: 'dbench',
  version: () => debianVersion('dbench'),
  runs: (kind, { isSample, seconds }) => {
    if (kind === 'block' || (isSample && !sampled.includes(kind))) return []
    return isSample ? [run('async', seconds, [])] : [run('async', seconds, []), run('sync', seconds, ['-s'])]
  },
}

/** @param options `-s`: every write is synchronous */
function run(name: string, seconds: number, options: readonly string[]): ToolRun {
  return {
    name,
    command: ({ path }) => ['dbench', '-D', path, '-c', LOAD, '-t', `${seconds}`, ...options, `${CLIENTS}`],
    read: (ended) => readDbench(name, ended),
  }
}

/** A call with another result than in the recording is printed, and does not always end the client. */
export function readDbench(name: string, ended: Ended): TestResult[] {
  const failure = /^\[\d+\] .* failed.*$|^\(\d+\) ERROR.*$/m.exec(`${ended.stdout}\n${ended.stderr}`)
  if (failure) return [{ name, outcome: 'failed', detail: failure[0] }]
  return asOneTest(name, ended)
}
