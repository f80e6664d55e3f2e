import type { Command } from 'commander'

const WIDTH = 80

/** What a command's help has below its options. */
export interface Explanation {
  /** Paragraphs, each in one line. */
  readonly notes?: readonly string[]
  readonly examples: readonly string[]
}

const explanations = new WeakMap<Command, Explanation>()

/** Adds an explanation to a command's help, wrapped as the rest of it. */
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

/** The explanation of a command; undefined for one without. */
export function explanationOf(command: Command): Explanation | undefined {
  return explanations.get(command)
}
