import { debianVersion } from '../debian.ts'
import type { Kind } from '../places/kinds.ts'
import { asOneTest, type Tool, type ToolRun } from '../tool.ts'

const sampled: readonly Kind[] = ['xfs']

/** Writes, rewrites, reads and seeks in a large file, then creates, reads and deletes many small ones. */
export const bonnie: Tool = {
  name: 'bonnie++',
  version: () => debianVersion('bonnie++'),
  runs: (kind, { isSample }) => {
    if (kind === 'block' || (isSample && !sampled.includes(kind))) return []
    if (isSample) return [run('buffered', 64, 1, [])]
    return [
      run('buffered', 512, 8, []),
      run('each write flushed', 64, 1, ['-b']),
      run('direct', 256, 4, ['-D']),
    ]
  },
}

/**
 * @param mebibytes of the large file; its `-r` is half of it, or it would want twice the machine's memory
 * @param kilofiles how many small files, in units of 1024
 */
function run(name: string, mebibytes: number, kilofiles: number, options: readonly string[]): ToolRun {
  const size = ['-s', `${mebibytes}`, '-r', `${mebibytes / 2}`, '-n', `${kilofiles}`]
  return {
    name,
    command: ({ path }) => ['bonnie++', '-d', path, '-u', 'root:root', '-f', '-q', ...size, ...options],
    read: (ended) => asOneTest(name, ended),
  }
}
