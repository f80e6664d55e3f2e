import type { Command } from 'commander'

const WIDTH = 80

/** What a command's help says below its options. */
export interface Explanation {
  /** Paragraphs, each in one line. */
  readonly notes?: readonly string[]
  readonly examples: readonly string[]
}

const explanations = new WeakMap<Command, Explanation>()

/** Adds to a command's help, at the width that the rest of it has. */
export function explain(command: Command, explanation: Explanation): Command {
  const { notes = [], examples } = explanation
  explanations.set(command, explanation)
  return command.addHelpText('after', () => {
    const paragraphs = notes.map((note) =>
      command.createHelp().boxWrap(note, process.stdout.columns || WIDTH),
    )
    const head = examples.length > 1 ? 'Examples:' : 'Example:'
    const lines = examples.map((line) => `  ${line}`)
    return ['', ...paragraphs, [head, ...lines].join('\n')].join('\n\n').slice(1)
  })
}

/** What was added to a command's help; undefined for one that needs no more words. */
export function explanationOf(command: Command): Explanation | undefined {
  return explanations.get(command)
}
