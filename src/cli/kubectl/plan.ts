import type { Command } from 'commander'
import { columnsOf } from '../node/commands.ts'
import type { Column } from '../terminal/text.ts'

/** Where a command of csi-driver-loop is run. `words` are the command and its arguments. */
export type Plan =
  /** On all nodes, whose rows become one table. */
  | {
      readonly where: 'everywhere'
      readonly words: readonly string[]
      readonly columns: readonly Column<never>[]
      readonly json: boolean
    }
  /** On all nodes, one after another. */
  | { readonly where: 'each'; readonly words: readonly string[] }
  /** On the node of each volume; the word at its position is replaced by the volume's id. */
  | { readonly where: 'volumes'; readonly words: readonly string[]; readonly references: readonly number[] }
  /** On the node of the volume or snapshot; the output is a file of the caller. */
  | { readonly where: 'export'; readonly reference: string; readonly output: string }
  /** On the chosen node; the input is a file of the caller. */
  | { readonly where: 'import'; readonly input: string; readonly words: readonly string[] }
  /** On the chosen node. Only an import reads standard input. */
  | { readonly where: 'node'; readonly words: readonly string[] }

/**
 * @param given the words after `kubectl loop` and its own options; `volume` can be left out
 * @param program csi-driver-loop, whose declared arguments and options decide
 * @throws Error when an argument is missing
 */
export function planOf(given: readonly string[], program: Command): Plan {
  const isShorthand = childOf(childOf(program, 'volume'), given[0]) !== undefined
  const words = isShorthand ? ['volume', ...given] : given
  if (words[0] === 'doctor') return { where: 'each', words }
  const command = childOf(childOf(program, words[0]), words[1])
  if (!command) return { where: 'node', words }
  const columns = columnsOf(command)
  if (columns)
    return { where: 'everywhere', words: words.slice(0, 2), columns, json: words.includes('--json') }
  return planOfCommand(command, words)
}

function planOfCommand(command: Command, words: readonly string[]): Plan {
  const name = words.slice(0, 2).join(' ')
  const positions = positionals(command, words)
  if (command.registeredArguments[0]?.name() === 'volume') {
    return { where: 'volumes', words, references: required(positions, `${name} <volume>`) }
  }
  switch (name) {
    case 'volume export': {
      const [reference = 0] = required(positions, `${name} <volume or snapshot> --output <file>`)
      const output = valueOf(words, '--output')
      if (output === undefined) throw new Error('give --output <file>, or - for standard output')
      return { where: 'export', reference: words[reference] ?? '', output }
    }
    case 'volume import': {
      const [position = 0] = required(positions, `${name} <file> --name <name>`)
      return { where: 'import', input: words[position] ?? '', words: words.with(position, '-') }
    }
    default:
      return { where: 'node', words }
  }
}

function childOf(command: Command | undefined, name: string | undefined): Command | undefined {
  return command?.commands.find(
    (child) => name !== undefined && [child.name(), ...child.aliases()].includes(name),
  )
}

/** The positions of the words after the command that are neither an option nor the value of one. */
function positionals(command: Command, words: readonly string[]): number[] {
  const valued = command.options
    .filter(({ required, optional }) => required || optional)
    .map(({ long }) => long)
  return [...words.keys()]
    .slice(2)
    .filter((index) => !words[index]?.startsWith('--') && !valued.includes(words[index - 1] ?? ''))
}

function required(positions: readonly number[], usage: string): readonly number[] {
  if (positions.length > 0) return positions
  throw new Error(`usage: kubectl loop ${usage}`)
}

function valueOf(words: readonly string[], option: string): string | undefined {
  const index = words.indexOf(option)
  const joined = words.find((word) => word.startsWith(`${option}=`))
  return index < 0 ? joined?.slice(option.length + 1) : words[index + 1]
}
