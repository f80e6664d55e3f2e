import { debianVersion } from '../debian.ts'
import type { TestResult } from '../outcomes.ts'
import type { Kind } from '../places/kinds.ts'
import type { Ended } from '../run-confined.ts'
import { lastLine, type Tool, type ToolRun } from '../tool.ts'

/** Jobs of fio, one after another; the options of each follow its name. */
type Jobs = readonly (readonly [name: string, ...options: string[]])[]

/** Every block has a checksum, which is compared when all is written; a wrong one ends the job. */
const verify = ['--verify=crc32c', '--verify_fatal=1', '--verify_state_save=0']
const direct = ['--ioengine=libaio', '--iodepth=16', '--direct=1']
const small = ['--bs=4k', ...verify]
const large = ['--bs=64k', ...verify]

/** For files and devices. */
const everywhere: Readonly<Record<string, Jobs>> = {
  write: [['write', '--rw=write', ...direct, ...large]],
  randwrite: [['randwrite', '--rw=randwrite', ...direct, ...small]],
  'randwrite of several sizes': [
    ['sizes', '--rw=randwrite', '--bsrange=4k-128k', '--blockalign=4k', ...direct, ...verify],
  ],
  'randwrite, buffered': [
    ['buffered', '--rw=randwrite', '--ioengine=psync', '--fsync=64', '--bs=4k', ...verify],
  ],
  'randwrite, mapped': [['mapped', '--rw=randwrite', '--ioengine=mmap', '--fsync=256', ...small]],
}

const READS_ZEROS = ['--rw=read', '--bs=64k', '--verify=pattern', '--verify_pattern=0x00', '--verify_fatal=1']

/** Discarded blocks read as zeros: the loop device makes holes. */
const onDevices: Readonly<Record<string, Jobs>> = {
  trimwrite: [['trimwrite', '--rw=trimwrite', ...direct, ...large]],
  randtrimwrite: [['randtrimwrite', '--rw=randtrimwrite', ...direct, ...small]],
  'randwrite, partly trimmed': [
    [
      'trim',
      '--rw=randwrite',
      '--trim_percentage=50',
      '--trim_verify_zero=1',
      '--trim_backlog=64',
      ...direct,
    ].concat(small) as [string, ...string[]],
  ],
  'randtrim of all': [
    ['fill', '--rw=write', ...direct, '--bs=64k'],
    ['randtrim', '--rw=randtrim', ...direct, '--bs=64k'],
    ['zeros', ...direct, ...READS_ZEROS],
  ],
}

const sampled: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  xfs: ['randwrite', 'randwrite, mapped'],
  block: ['randwrite', 'randtrimwrite', 'randtrim of all'],
}

const MEBIBYTES = { sample: 16, whole: 64 }

/** Reads what it has written, and compares. */
export const fio: Tool = {
  name: 'fio',
  version: () => debianVersion('fio'),
  runs: (kind, { isSample }) => {
    const all = Object.entries(kind === 'block' ? { ...everywhere, ...onDevices } : everywhere)
    const chosen = isSample ? all.filter(([name]) => sampled[kind]?.includes(name)) : all
    return chosen.map(([name, jobs]) => run(name, kind, jobs, MEBIBYTES[isSample ? 'sample' : 'whole']))
  },
}

function run(name: string, kind: Kind, jobs: Jobs, mebibytes: number): ToolRun {
  const sections = jobs.flatMap(([job, ...options]) => [`--name=${job}`, '--stonewall', ...options])
  return {
    name,
    command: ({ path }) => [
      ...['fio', '--output-format=json', `--size=${mebibytes}m`],
      `--filename=${kind === 'block' ? path : `${path}/file`}`,
      ...sections,
    ],
    read: (ended) => readFio(name, ended),
  }
}

/**
 * All of its jobs are one test. What differs is printed as `verify: ...` or `... verify failed at file ...`;
 * a job that has failed also has an error number.
 * @throws Error when it does not know its options
 */
export function readFio(name: string, { exitCode, stdout, stderr }: Ended): TestResult[] {
  const failure = /^.*\bverify(?: failed|: bad).*$/m.exec(stderr)?.[0]
  const reported = jobsOf(stdout)
  if (exitCode === 1 && !reported) throw new Error(`fio ${name}: ${stderr.trim()}`)
  const failed = reported?.find(({ error }) => error !== 0)
  if (exitCode === 0 && reported && failed === undefined && failure === undefined)
    return [{ name, outcome: 'passed' }]
  const job = failed ? `job ${failed.jobname}, error ${failed.error}: ` : ''
  return [{ name, outcome: 'failed', detail: `exit code ${exitCode}: ${job}${failure ?? lastLine(stderr)}` }]
}

interface Job {
  readonly jobname: string
  readonly error: number
}

/** @returns undefined when there is no report; messages may stand before it */
function jobsOf(stdout: string): readonly Job[] | undefined {
  try {
    return (JSON.parse(stdout.slice(stdout.indexOf('{'))) as { jobs: readonly Job[] }).jobs
  } catch {
    return undefined
  }
}
