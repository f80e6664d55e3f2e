import { CommanderError, type Command } from 'commander'
import { messageOf } from '../volumes/model/errors.ts'

/**
 * Runs a command line.
 * @returns the exit code: what the command has set, or 1 after one sentence on stderr that says what is wrong
 */
export async function runProgram(program: Command, argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync([...argv])
    return Number(process.exitCode ?? 0)
  } catch (error) {
    // Commander has said it already, or it was --help.
    if (error instanceof CommanderError) return error.exitCode
    console.error(`${program.name()}: ${messageOf(error)}`)
    return 1
  }
}
