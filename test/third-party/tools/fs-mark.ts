import { join } from 'node:path'
import { debianVersion } from '../debian.ts'
import type { Kind } from '../places/kinds.ts'
import { asOneTest, type Tool, type ToolRun } from '../tool.ts'

/** `-S`: when files are flushed. */
const syncMethods = {
  'no flush': 0,
  'fsync before close': 1,
  'sync, one fsync': 2,
  'fsync in reverse order': 3,
  'sync, fsync in reverse order': 4,
  'fsync in order': 5,
  'sync, fsync in order': 6,
} as const

const FILES = 500
const THREADS = 4

const sampled: readonly Kind[] = ['ext4']

/** Creates, writes and removes many small files. */
export const fsMark: Tool = {
  name: 'fs_mark',
  version: () => debianVersion('fsmark'),
  runs: (kind, { isSample }) => {
    if (kind === 'block' || (isSample && !sampled.includes(kind))) return []
    const runs = Object.entries(syncMethods).map(([name, method]) => run(name, method))
    return isSample ? runs.filter(({ name }) => name === 'fsync before close') : runs
  },
}

function run(name: string, method: number): ToolRun {
  const size = ['-n', `${FILES}`, '-s', '8192', '-t', `${THREADS}`, '-D', '8', '-N', '16', '-L', '2']
  return {
    name,
    command: ({ path, scratch }) => [
      ...['fs_mark', '-d', join(path, 'files'), '-l', join(scratch, 'log')],
      ...[...size, '-S', `${method}`],
    ],
    read: (ended) => asOneTest(name, ended),
  }
}
