/** A table that all nodes have a part of. */
export type TableName = 'volume ls' | 'volume df' | 'pool ls' | 'pool df' | 'loop ls'

/** What is to be run where. `words` are the command of csi-driver-loop. */
export type Plan =
  | { readonly where: 'everywhere'; readonly table: TableName; readonly json: boolean }
  | { readonly where: 'each'; readonly words: readonly string[] }
  /** On the node of each volume; its word is replaced by the volume's id. */
  | { readonly where: 'volumes'; readonly words: readonly string[]; readonly references: readonly number[] }
  /** Of these, what is written or read is a file of the caller's. */
  | { readonly where: 'export'; readonly reference: string; readonly output: string }
  | { readonly where: 'import'; readonly input: string; readonly words: readonly string[] }
  | { readonly where: 'node'; readonly words: readonly string[] }

const tables: readonly string[] = ['volume ls', 'volume df', 'pool ls', 'pool df', 'loop ls', 'loop list']

/** Commands of volumes can be given without `volume`. */
const shorthands = ['ls', 'df', 'show', 'trim', 'check', 'export', 'import', 'adopt']

/** The options of these commands that have a value, which is neither a volume nor a file. */
const valued = [
  ...['--output', '--data-dir', '--config', '--endpoint'],
  ...['--name', '--size', '--pool', '--fs-type', '--provisioning'],
]

/**
 * @param words what is behind `kubectl loop` and its own options
 * @throws Error for a command that lacks something
 */
export function planOf(words: readonly string[]): Plan {
  const all = shorthands.includes(words[0] ?? '') ? ['volume', ...words] : words
  const name = all.slice(0, 2).join(' ')
  if (tables.includes(name)) {
    const table = (name === 'loop list' ? 'loop ls' : name) as TableName
    return { where: 'everywhere', table, json: all.includes('--json') }
  }
  if (all[0] === 'doctor') return { where: 'each', words: all }
  const positions = positionals(all)
  switch (name) {
    case 'volume show':
    case 'volume trim':
    case 'volume check':
      return { where: 'volumes', words: all, references: some(positions, `${name} <volume>`) }
    case 'volume export': {
      const [reference = 0] = some(positions, `${name} <volume or snapshot> --output <file>`)
      const output = valueOf(all, '--output')
      if (output === undefined) throw new Error('give --output <file>, or - for standard output')
      return { where: 'export', reference: all[reference] ?? '', output }
    }
    case 'volume import': {
      const [position = 0] = some(positions, `${name} <file> --name <name>`)
      return { where: 'import', input: all[position] ?? '', words: all.with(position, '-') }
    }
    default:
      return { where: 'node', words: all }
  }
}

/** The words behind the name of a command that are neither an option nor the value of one. */
function positionals(words: readonly string[]): number[] {
  return [...words.keys()]
    .slice(2)
    .filter((index) => !words[index]?.startsWith('--') && !valued.includes(words[index - 1] ?? ''))
}

function some(positions: readonly number[], usage: string): readonly number[] {
  if (positions.length > 0) return positions
  throw new Error(`usage: kubectl loop ${usage}`)
}

function valueOf(words: readonly string[], option: string): string | undefined {
  const index = words.indexOf(option)
  const joined = words.find((word) => word.startsWith(`${option}=`))
  return index < 0 ? joined?.slice(option.length + 1) : words[index + 1]
}
