import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { builtDriver, positive, runAsRoot } from '../harness/command-line.ts'
import { bench, partNames, type BenchOptions, type PartName } from './bench.ts'
import { printReport } from './report.ts'

const help = `Usage: npm run bench -- [options]

Measures this driver side by side with the same steps as shell commands and with the least that the kernel and
mkfs.ext4 need for them (the floor); and its copies, with how long they hold up writers. Needs root. Takes about three minutes and leaves nothing behind.

  --only <part>     run this part alone; may be given again for more of them: ${partNames.join(', ')}
  --rounds <n>      lives of a volume per column, attaches per count of devices, and clones (default 30)
  --volumes <n>     volumes and devices of the tests with many (default 1000)
  --driver <file>   the driver's main file (default dist/main.js, as npm run build makes it)
  --socket <url>    one more column: another CSI driver with STAGE_UNSTAGE_VOLUME, unix:///path/csi.sock. An
                    earlier version of this one needs the Node options of the Dockerfile
  --dir <path>      where all files go; a disk, not a tmpfs (default /var/tmp)
  --json            print JSON instead of tables
  --help            print this

Progress goes to standard error. The exit code is 0 also when a goal is missed, 1 when something failed.`

/** @returns the exit code */
export function run(args: string[]): Promise<number> {
  return runAsRoot({ name: 'bench', help, parse, work }, args)
}

async function work(options: BenchOptions & { json: boolean }, signal: AbortSignal): Promise<boolean> {
  const report = await bench(options, signal)
  console.log(options.json ? JSON.stringify(report, undefined, 2) : printReport(report))
  return true
}

function parse(args: string[]): (BenchOptions & { json: boolean }) | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true, default: [...partNames] },
      rounds: { type: 'string', default: '30' },
      volumes: { type: 'string', default: '1000' },
      driver: { type: 'string', default: builtDriver },
      socket: { type: 'string' },
      dir: { type: 'string', default: '/var/tmp' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    parts: values.only.map(partOf),
    rounds: positive('--rounds', values.rounds),
    volumes: positive('--volumes', values.volumes),
    driver: resolve(values.driver),
    socket: values.socket,
    directory: values.dir,
    json: values.json,
  }
}

function partOf(name: string): PartName {
  const part = partNames.find((known) => known === name)
  if (part) return part
  throw new Error(`--only must be one of ${partNames.join(', ')}, not ${name}`)
}
