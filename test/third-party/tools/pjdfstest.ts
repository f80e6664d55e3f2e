import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tool } from '../../tool.ts'
import type { TestResult } from '../outcomes.ts'
import type { Kind } from '../places/kinds.ts'
import type { Ended } from '../run-confined.ts'
import { lastLine, type Tool, type ToolRun } from '../tool.ts'

const SCRIPT = fileURLToPath(new URL('../../../.ci/pjdfstest', import.meta.url))

/** Users other than root that every system has; each needs its own group as its primary one. */
const USERS = ['nobody', 'daemon']

/** Longer than a tick of the kernel's clock, 10 ms at most, by which file systems date changes. */
const NAP_SECONDS = 0.05

/** The directories of its tests in this version. */
const systemCalls = [
  ...['chmod', 'chown', 'ftruncate', 'link', 'mkdir', 'mkfifo', 'mknod', 'open', 'posix_fallocate', 'rename'],
  ...['rmdir', 'symlink', 'truncate', 'unlink', 'utimensat'],
]

const sampled: readonly Kind[] = ['ext4']

/** The rules of POSIX for each system call on files, as root and as other users. */
export const pjdfstest: Tool = {
  name: 'pjdfstest',
  version: async () => /-([\d.]+)$/.exec(await tool('bash', SCRIPT))?.[1] ?? 'of this system',
  runs: (kind, { isSample }) => {
    if (kind === 'block' || (isSample && !sampled.includes(kind))) return []
    return systemCalls.map(run)
  },
}

/**
 * One start for all of them would keep files of earlier tests open for writing, which makes it impossible to
 * mount the file system read-only for later ones.
 */
function run(systemCall: string): ToolRun {
  return {
    name: systemCall,
    command: async ({ path, scratch }) => {
      const config = join(scratch, 'pjdfstest.toml')
      await mkdir(join(scratch, 'secondary'), { recursive: true })
      await writeFile(config, await configuration(scratch))
      return [await tool('bash', SCRIPT), '-c', config, '-p', path, `tests::${systemCall}::`]
    },
    read: (ended) => readPjdfstest(systemCall, ended),
  }
}

/** All that a file system of Linux has, and a second file system for calls that must not cross them. */
async function configuration(scratch: string): Promise<string> {
  const users = USERS.map(async (user) => `["${user}", "${await tool('id', '-gn', user)}"]`)
  return `
    [features]
    posix_fallocate = {}
    rename_ctime = {}
    utime_now = {}
    utimensat = {}
    secondary_fs = "${join(scratch, 'secondary')}"
    [settings]
    naptime = ${NAP_SECONDS}
    allow_remount = true
    [dummy_auth]
    entries = [${(await Promise.all(users)).join(', ')}]
  `
}

const outcomes = { ok: 'passed', FAILED: 'failed', skipped: 'skipped' } as const

/** A line for each test case; below it, indented, why it failed or was skipped. */
export function readPjdfstest(systemCall: string, { exitCode, stdout, stderr }: Ended): TestResult[] {
  const lines = stdout.split('\n')
  const results = lines.flatMap((line, index): TestResult[] => {
    const [, name, word] = /^(\S+::\S+) +(ok|FAILED|skipped)$/.exec(line) ?? []
    if (name === undefined || word === undefined) return []
    const outcome = outcomes[word as keyof typeof outcomes]
    return outcome === 'passed'
      ? [{ name, outcome }]
      : [{ name, outcome, detail: detailAt(lines, index + 1) }]
  })
  if (results.length > 0 && /^Summary: .* total$/m.test(stdout)) return results
  const detail = `exit code ${exitCode}: ${lastLine(stderr) || lastLine(stdout)}`
  return [...results, { name: `${systemCall} to its end`, outcome: 'failed', detail }]
}

/** The lines of the explanation, in one. */
function detailAt(lines: readonly string[], start: number): string {
  const end = lines.findIndex((line, index) => index >= start && /^$|^Backtrace:|^\S+::\S+ /.test(line))
  return lines
    .slice(start, end < 0 ? undefined : end)
    .map((line) => line.trim())
    .join(' ')
}
