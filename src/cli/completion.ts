import { Argument, type Command } from 'commander'
import { explain } from './terminal/help.ts'
import { DEFAULT_DATA_DIR } from './terminal/options.ts'

const SHELLS = ['bash', 'zsh', 'fish']

/**
 * `csi-driver-loop completion <shell>`. What is completed is taken from the commands themselves, at the time
 * of the key press, so it cannot get out of date; the shell's script only asks (`complete`, which is hidden).
 * @param build makes the program anew, for the library to walk through
 */
export function addCompletionCommands(program: Command, build: () => Command): void {
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
    .action(async (words: string[]) => {
      const { default: tab } = await import('@bomb.sh/tab/commander')
      const completions = tab(build(), { completionCommandName: 'completion' })
      const volumes = words[0] === 'volume' ? await knownVolumes() : []
      for (const name of ['show', 'trim', 'check', 'export']) {
        completions.commands.get(`volume ${name}`)?.argument('volume', (complete) => {
          for (const [value, description] of volumes) complete(value, description)
        })
      }
      completions.parse(words)
    })
}

/** The claims and ids of the volumes where the environment, or the default, says. */
async function knownVolumes(): Promise<[value: string, description: string][]> {
  const { takeSurvey } = await import('./node/survey.ts')
  const { claimOf } = await import('./volume/view.ts')
  const { LOOP_DATA_DIR: dataDir = DEFAULT_DATA_DIR, LOOP_CONFIG: config } = process.env
  const { pools } = await takeSurvey({ dataDir, ...(config !== undefined && { config }) })
  return pools.flatMap(({ volumes }) =>
    volumes.records.flatMap((volume): [string, string][] => {
      const claim = claimOf(volume)
      const byId: [string, string] = [volume.id, claim ?? volume.name]
      return claim === undefined ? [byId] : [[claim, volume.id], byId]
    }),
  )
}
