import { Command } from 'commander'
import { addCompletionCommands } from './completion.ts'
import { addControllerCommand } from './serve/controller.ts'
import { addDoctorCommand } from './doctor/command.ts'
import { addLoopCommands } from './loop/command.ts'
import { addNodeCommand } from './serve/node.ts'
import { addPoolCommands } from './pool/command.ts'
import { runProgram } from './run-program.ts'
import { version } from './terminal/version.ts'
import { addVolumeCommands } from './volume/command.ts'

/**
 * Runs the command line.
 * @returns the exit code: 0, or 1 after one sentence on stderr that says what is wrong
 */
export function run(argv: readonly string[]): Promise<number> {
  return runProgram(makeProgram(), argv)
}

/** The command line with all its commands, for whoever runs or describes it. */
export function makeProgram(): Command {
  const program = commands()
  addCompletionCommands(program, commands)
  return program
}

function commands(): Command {
  const program = new Command('csi-driver-loop')
    .description('Volumes of a fixed size for containers, each made of one sparse file and one loop device.')
    .version(version)
    .exitOverride()
  addNodeCommand(program)
  addControllerCommand(program)
  addDoctorCommand(program)
  addVolumeCommands(program)
  addPoolCommands(program)
  addLoopCommands(program)
  return program
}
