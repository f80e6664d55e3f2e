import { parseArgs } from 'node:util'
import { runAsRoot } from '../../harness/command-line.ts'
import { writeReport } from '../../harness/reliability.ts'
import type { Architecture } from '../architectures.ts'
import { Guest, type Images } from '../guest.ts'
import { ImageSet } from '../images.ts'
import { kernelNames, kernelOf, type KernelName } from '../kernels.ts'
import { reportOf, type Tried } from './report.ts'
import { describeResult, isGood, resultOf, type Result } from './results.ts'
import { runNames, runsOn, type Run } from './runs.ts'

const ARM_KERNEL = '6.1'

const help = `Usage: npm run kernels -- [options]

Runs the tests that depend on the kernel on each kernel, in guests that qemu emulates (npm run vm): ports, loop devices, mounts,
freezes, file systems, block volumes and snapshots, also with loop.max_part=31, without udev, and without a loop device in advance;
tests in test/vm/guest tell which ways the driver takes. On arm64, whose kernel is ${ARM_KERNEL}: the demo and the loop devices.

  --kernel <name>     ${kernelNames.join(', ')} or arm64; may be given again (default all)
  --only <run>        may be given again: ${runNames.join(', ')}
  --report            writes what was found into docs/reliability.md
  --help              print this

Takes a quarter of an hour for each kernel on two cores. The exit code is 1 when a test failed, or a kernel complained.`

interface Options {
  readonly kernels: readonly (KernelName | 'arm64')[]
  readonly only: readonly string[]
  readonly reports: boolean
}

/** @returns the exit code */
export function run(args: string[]): Promise<number> {
  return runAsRoot({ name: 'kernels', help, parse, work }, args)
}

async function work({ kernels, only, reports }: Options, signal: AbortSignal): Promise<boolean> {
  const since = performance.now()
  await using images = await ImageSet.make()
  const tried: Tried[] = []
  for (const kernel of kernels) {
    const architecture: Architecture = kernel === 'arm64' ? 'arm64' : 'amd64'
    const ingredients = await images.of(kernel === 'arm64' ? ARM_KERNEL : kernel, architecture)
    const results: Result[] = []
    for (const one of runsOn(architecture).filter(({ name }) => only.includes(name))) {
      signal.throwIfAborted()
      const result = await tryRun(one, ingredients, signal)
      for (const line of result.complaints) console.log(`${kernel}, ${one.name}: the kernel: ${line}`)
      console.log(`${kernel}, ${one.name}: ${describeResult(result)}`)
      results.push(result)
    }
    tried.push({ kernel, results })
  }
  if (reports) await writeReport('kernels', since, reportOf(tried))
  const all = tried.flatMap(({ results }) => results)
  const good = all.filter(isGood)
  console.log(`${all.length} runs on ${tried.length} kernels, ${all.length - good.length} failed`)
  return good.length === all.length
}

async function tryRun(one: Run, images: Images, signal: AbortSignal): Promise<Result> {
  let output = ''
  const onOutput = (chunk: Buffer): void => {
    output += chunk.toString()
    process.stderr.write(chunk)
  }
  await using guest = await Guest.boot(images, { ...one, onOutput })
  const code = await guest.exitedUnless(signal)
  if (code === undefined) process.stderr.write(`${await guest.lastLines()}\n`)
  return resultOf(one, code, output, await guest.console())
}

function parse(args: string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      kernel: { type: 'string', multiple: true, default: [...kernelNames, 'arm64'] },
      only: { type: 'string', multiple: true, default: runNames },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const unknown = values.only.find((name) => !runNames.includes(name))
  if (unknown !== undefined) throw new Error(`--only must be one of ${runNames.join(', ')}, not ${unknown}`)
  return {
    kernels: values.kernel.map((name) => (name === 'arm64' ? name : kernelOf('--kernel', name))),
    only: values.only,
    reports: values.report,
  }
}
