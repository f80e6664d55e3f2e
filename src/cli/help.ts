import type { Command } from 'commander'

const WIDTH = 80

/** What a command's help says below its options. */
export interface Explanation {
  /** Paragraphs, each in one line. */
  readonly notes?: readonly string[]
  readonly examples: readonly string[]
}

/** Adds to a command's help, at the width that the rest of it has. */
export function explain(command: Command, { notes = [], examples }: Explanation): Command {
  return command.addHelpText('after', () => {
    const paragraphs = notes.map((note) =>
      command.createHelp().boxWrap(note, process.stdout.columns || WIDTH),
    )
    const head = examples.length > 1 ? 'Examples:' : 'Example:'
    const lines = examples.map((line) => `  ${line}`)
    return ['', ...paragraphs, [head, ...lines].join('\n')].join('\n\n').slice(1)
  })
}
