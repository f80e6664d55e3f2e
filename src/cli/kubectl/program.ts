import { Command, Option } from 'commander'
import { explain } from '../terminal/help.ts'
import { makeProgram as makeDriverProgram, runProgram } from '../program.ts'
import { version } from '../terminal/version.ts'
import { Kubectl } from './kubectl.ts'
import { DEFAULT_SELECTOR, nodePods } from './locate.ts'
import { planOf } from './plan.ts'
import { runPlan } from './run.ts'

/** Options of kubectl that choose the cluster and the user; they are passed to it. */
const inherited = {
  kubeconfig: ['--kubeconfig <file>', "kubectl's configuration"],
  context: ['--context <name>', 'context of that configuration'],
  cluster: ['--cluster <name>', 'cluster of that configuration'],
  user: ['--user <name>', 'user of that configuration'],
  as: ['--as <name>', 'user to impersonate'],
  requestTimeout: ['--request-timeout <duration>', 'timeout of one call, such as 30s'],
} as const

type InheritedOptions = { readonly [Name in keyof typeof inherited]?: string }

interface Options extends InheritedOptions {
  readonly namespace?: string
  readonly node?: string
  readonly selector: string
}

/** Runs `kubectl loop …`. @returns the exit code: that of the command, or as `runProgram` */
export function run(argv: readonly string[]): Promise<number> {
  return runProgram(makeProgram(), argv)
}

/** kubectl-loop with all its options. */
export function makeProgram(): Command {
  const program = new Command('kubectl-loop')
    .usage('[options] <command> [arguments]')
    .description(
      'Runs the commands of csi-driver-loop in the pods of the driver, on the nodes that they are about.',
    )
    .version(version)
    .argument('<command...>', 'command of csi-driver-loop; `volume` can be left out')
    .option(
      '-n, --namespace <name>',
      "namespace of a claim that is given without one (default: that of kubectl's context)",
    )
    .option('--node <name>', 'run only on this node; required where the command does not name a volume')
    .option('--selector <labels>', "labels of the driver's pods on the nodes", DEFAULT_SELECTOR)
    .allowUnknownOption()
    .exitOverride()
  for (const [flags, description] of Object.values(inherited))
    program.addOption(new Option(flags, description))
  program.action(execute)
  explain(program, {
    notes: [
      'volume ls, volume df, pool ls, pool df, loop ls and doctor run on all nodes, and print one table or one report per node.',
      'volume show, trim, check and export run on the node of the volume, which is given as <claim>, <namespace>/<claim>, pv/<name>, or by its id. export also takes the id of a snapshot, and writes a local file.',
      'volume import reads a local file. It, volume adopt, and all other commands run on --node.',
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
  const plan = planOf(words, makeDriverProgram())
  const kubectl = new Kubectl(flags)
  const pods = await nodePods(kubectl, selector)
  process.exitCode = await runPlan(plan, { kubectl, pods, node, namespace })
}
