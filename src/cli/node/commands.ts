import type { Command } from 'commander'
import { configOption, dataDirOption, jsonOption } from '../terminal/options.ts'
import { formatTable, type Column } from '../terminal/text.ts'
import type { OpenMachine } from './machine.ts'

/** Where the pools are, by the options of each command. */
export interface PoolOptions {
  readonly dataDir: string
  readonly config?: string
}

/** What a file needs to add a subcommand about the pools of this node. */
export interface NodeCommands {
  readonly machine: OpenMachine
  /** Adds a subcommand with the options that become `PoolOptions`. */
  readonly add: (name: string, description: string) => Command
}

/** Adds subcommands to a command. */
export function nodeCommands(parent: Command, machine: OpenMachine): NodeCommands {
  return {
    machine,
    add: (name, description) =>
      parent.command(name).description(description).addOption(dataDirOption()).addOption(configOption()),
  }
}

/** The rows of a table. */
export interface Listing<Row> {
  readonly rows: readonly Row[]
  /** Why rows or their figures are missing: one sentence for each pool that cannot be read. */
  readonly missing: readonly string[]
}

/** The columns of each command that prints a table. */
const tables = new WeakMap<Command, readonly Column<never>[]>()

/**
 * Makes a command print rows as a table, or as JSON with --json. What is missing is reported on stderr, with
 * exit code 1: a partial list must not look like a full one.
 */
export function printsTable<Row>(
  command: Command,
  columns: readonly Column<Row>[],
  list: (options: PoolOptions) => Promise<Listing<Row>>,
): Command {
  tables.set(command, columns)
  return command
    .addOption(jsonOption())
    .action(async ({ json, ...options }: PoolOptions & { readonly json?: boolean }) => {
      const { missing, rows } = await list(options)
      console.log(json ? JSON.stringify(rows, undefined, 2) : formatTable(columns, rows))
      for (const sentence of missing) console.error(`csi-driver-loop: ${sentence}`)
      if (missing.length > 0) process.exitCode = 1
    })
}

/** The columns that a command prints its rows in; undefined for a command that prints no table. */
export function columnsOf(command: Command): readonly Column<never>[] | undefined {
  return tables.get(command)
}
