import { Command, Option } from 'commander'
import { explain } from '../terminal/help.ts'
import { runProgram } from '../run-program.ts'
import { version } from '../terminal/version.ts'
import { Kubectl } from './kubectl.ts'
import { DEFAULT_SELECTOR, nodePods } from './node-pods.ts'
import { planOf } from './plan.ts'
import { carryOut } from './run.ts'

/** kubectl's own, which say which cluster and which user; handed on to it. */
const inherited = {
  kubeconfig: ['--kubeconfig <file>', "kubectl's configuration"],
  context: ['--context <name>', 'of that configuration'],
  cluster: ['--cluster <name>', 'of that configuration'],
  user: ['--user <name>', 'of that configuration'],
  as: ['--as <name>', 'user to impersonate'],
  requestTimeout: ['--request-timeout <duration>', 'of one call, such as 30s'],
} as const

type InheritedOptions = { readonly [Name in keyof typeof inherited]?: string }

interface Options extends InheritedOptions {
  readonly namespace?: string
  readonly node?: string
  readonly selector: string
}

/** `kubectl loop …`. @returns the exit code: that of the command, or 1 after one sentence on stderr */
export function run(argv: readonly string[]): Promise<number> {
  return runProgram(makeProgram(), argv)
}

/** `kubectl loop` with all its options, for whoever runs or describes it. */
export function makeProgram(): Command {
  const program = new Command('kubectl-loop')
    .usage('[options] <command> [arguments]')
    .description('Runs the commands of csi-driver-loop where they belong: in the pods of the driver.')
    .version(version)
    .argument('<command...>', 'of csi-driver-loop; `volume` can be left out')
    .option('-n, --namespace <name>', 'of a claim that is given without one (default: as kubectl has it)')
    .option('--node <name>', 'only there; needed where the command does not tell')
    .option('--selector <labels>', "of the driver's pods on the nodes", DEFAULT_SELECTOR)
    .allowUnknownOption()
    .exitOverride()
  for (const [flags, description] of Object.values(inherited))
    program.addOption(new Option(flags, description))
  program.action(execute)
  explain(program, {
    notes: [
      'volume ls, volume df, pool ls, pool df, loop ls and doctor are run on all nodes, and put together.',
      'volume show, trim, check and export are run on the node of the volume, which is given as <claim>, <namespace>/<claim>, pv/<name>, or by its id; export also takes the id of a snapshot, and writes a file here.',
      'volume import reads a file here; it, volume adopt, and all others are run on --node.',
    ],
    examples: [
      'kubectl loop ls',
      'kubectl loop doctor --node worker-1',
      'kubectl loop show -n shop db',
      'kubectl loop export shop/db --output db.img',
      'kubectl loop --node worker-1 import db.img --name db --fs-type ext4',
    ],
  })
  return program
}

async function execute(
  words: readonly string[],
  { namespace, node, selector, ...options }: Options,
): Promise<void> {
  const names = Object.keys(inherited) as (keyof InheritedOptions)[]
  const flags = names.flatMap((name) => {
    const [flag] = inherited[name][0].split(' ')
    return options[name] === undefined ? [] : [`${flag}=${options[name]}`]
  })
  const plan = planOf(words)
  const kubectl = new Kubectl(flags)
  const pods = await nodePods(kubectl, selector)
  process.exitCode = await carryOut(plan, { kubectl, pods, node, namespace })
}
