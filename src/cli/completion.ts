import { Argument, type Command } from 'commander'
import type { Volume } from '../volumes/model/volume.ts'
import { inspectNode } from './node/inspect.ts'
import type { OpenMachine } from './node/machine.ts'
import { explain } from './terminal/help.ts'
import { DEFAULT_DATA_DIR } from './terminal/options.ts'
import { claimOf } from './volume/view.ts'

const SHELLS = ['bash', 'zsh', 'fish']

/**
 * `csi-driver-loop completion <shell>`. The printed script calls the hidden command `complete`, which takes
 * the completions from the commands themselves.
 * @param build builds the commands again, for the completion library
 */
export function addCompletionCommands(program: Command, build: () => Command, machine: OpenMachine): void {
  const completion = program
    .command('completion')
    .description('Print a script that lets a shell complete the commands')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action(async (shell: string) => {
      const { default: completions } = await import('@bomb.sh/tab')
      completions.setup(program.name(), program.name(), shell)
    })
  explain(completion, {
    examples: [
      'source <(csi-driver-loop completion bash)',
      'csi-driver-loop completion zsh >"${fpath[1]}/_csi-driver-loop"',
      'csi-driver-loop completion fish >~/.config/fish/completions/csi-driver-loop.fish',
    ],
  })
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (given: string[]) => {
      const words = withSeparateValues(given)
      const { default: tab } = await import('@bomb.sh/tab/commander')
      const commands = build()
      const completions = tab(commands, { completionCommandName: 'completion' })
      const volumes = words[0] === 'volume' ? await knownVolumes(machine, words) : []
      for (const [name, argument] of volumeArguments(commands)) {
        completions.commands.get(name)?.argument(argument, (complete) => {
          for (const [value, description] of volumes) complete(value, description)
        })
      }
      completions.parse(words)
    })
}

/** The names of the commands whose first argument is a volume, with the names of these arguments. */
function volumeArguments(program: Command): [command: string, argument: string][] {
  const volume = program.commands.find((command) => command.name() === 'volume')
  return (volume?.commands ?? []).flatMap((command): [string, string][] => {
    const argument = command.registeredArguments[0]?.name()
    return argument?.startsWith('volume') ? [[`volume ${command.name()}`, argument]] : []
  })
}

/**
 * `--option=value` as two words, as the completion library reads the words before the last one. In the last
 * one it completes the value.
 */
function withSeparateValues(words: readonly string[]): string[] {
  const before = words.slice(0, -1).flatMap((word) => {
    const [, option, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
    return option === undefined || value === undefined ? [word] : [option, value]
  })
  return [...before, ...words.slice(-1)]
}

/**
 * The claims and ids of the volumes in the data directory of the command line, of the environment, or the
 * default one. None where they cannot be read: the commands and options can be completed nevertheless.
 */
async function knownVolumes(
  machine: OpenMachine,
  words: readonly string[],
): Promise<[value: string, description: string][]> {
  const valueOf = (option: string): string | undefined =>
    words.includes(option) ? words[words.indexOf(option) + 1] : undefined
  const { LOOP_DATA_DIR = DEFAULT_DATA_DIR, LOOP_CONFIG } = process.env
  const dataDir = valueOf('--data-dir') ?? LOOP_DATA_DIR
  const config = valueOf('--config') ?? LOOP_CONFIG
  try {
    const { pools } = await inspectNode(await machine(), { dataDir, ...(config !== undefined && { config }) })
    return pools.flatMap(({ volumes }) => volumes.records.flatMap(namesOf))
  } catch {
    return []
  }
}

function namesOf(volume: Volume): [value: string, description: string][] {
  const claim = claimOf(volume)
  const byId: [string, string] = [volume.id, claim ?? volume.name]
  return claim === undefined ? [byId] : [[claim, volume.id], byId]
}
