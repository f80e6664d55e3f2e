import { parseArgs } from 'node:util'
import { positive, runAsRoot } from '../harness/command-line.ts'
import { architectureOf, ownArchitecture, type Architecture } from './architectures.ts'
import { Guest } from './guest.ts'
import { ImageSet } from './images.ts'
import { kernelNames, kernelOf, type KernelName } from './kernels.ts'

const help = `Usage: npm run vm -- [options] -- COMMAND...

Runs a command of the project in a guest: a machine that qemu emulates, with a kernel of its own, the programs of Debian 12, and
the working tree as it is. Prints what the command prints, and ends with its exit code. Needs root and a machine with apt.

  --kernel <name>     ${kernelNames.join(', ')} (default 6.12): the kernel of Debian's suite that has this one
  --arch <name>       amd64 or arm64 (default that of this machine)
  --append <words>    arguments of the kernel, such as loop.max_loop=0; may be given again. vm.udev=off: without udev
  --memory <MiB>      (default 2048)
  --console           prints the messages of the kernel too, when it ends
  --refresh           makes the images of kernel and programs again, of the newest packages
  --help              print this

What a guest writes is lost with it. The images are kept in $XDG_CACHE_HOME/csi-driver-loop/vm, or below /var/cache: 2 GB for
one kernel. They are made of this machine's mirror of Debian, or that in $VM_DEBIAN_MIRROR.`

interface Options {
  readonly kernel: KernelName
  readonly architecture: Architecture
  readonly append: readonly string[]
  readonly memoryMiB: number
  readonly console: boolean
  readonly refresh: boolean
  readonly command: readonly string[]
}

/** @returns the exit code: that of the command */
export function run(args: string[]): Promise<number> {
  return runAsRoot({ name: 'vm', help, parse, work }, args)
}

async function work(options: Options, signal: AbortSignal): Promise<number> {
  await using images = await ImageSet.make(options.refresh)
  const ingredients = await images.of(options.kernel, options.architecture)
  signal.throwIfAborted()
  await using guest = await Guest.boot(ingredients, {
    ...options,
    onOutput: (chunk) => process.stdout.write(chunk),
  })
  const code = await guest.exitedUnless(signal)
  if (options.console) process.stderr.write(await guest.console())
  if (code !== undefined) return code
  throw new Error(
    `the guest ended before its command; the last lines of its kernel:\n${await guest.lastLines()}`,
  )
}

function parse(args: string[]): Options | 'help' {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      kernel: { type: 'string', default: '6.12' },
      arch: { type: 'string', default: ownArchitecture() },
      append: { type: 'string', multiple: true, default: [] },
      memory: { type: 'string', default: '2048' },
      console: { type: 'boolean', default: false },
      refresh: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  if (positionals.length === 0)
    throw new Error('there is no command: npm run vm -- --kernel 6.12 -- uname -r')
  return {
    kernel: kernelOf('--kernel', values.kernel),
    architecture: architectureOf('--arch', values.arch),
    append: values.append,
    memoryMiB: positive('--memory', values.memory),
    console: values.console,
    refresh: values.refresh,
    command: positionals,
  }
}
