import { Command, CommanderError } from 'commander'
import { messageOf } from '../volumes/model/errors.ts'
import { addCompletionCommands } from './completion.ts'
import { addDoctorCommand } from './doctor/command.ts'
import { addLoopCommands } from './loop/commands.ts'
import { nodeCommands, type NodeCommands } from './node/commands.ts'
import type { OpenMachine } from './node/machine.ts'
import { addPoolCommands } from './pool/commands.ts'
import { addControllerCommand } from './serve/controller.ts'
import { addNodeCommand } from './serve/node.ts'
import { version } from './terminal/version.ts'
import { addAdopt } from './volume/adopt.ts'
import { addCheck } from './volume/check.ts'
import { addExport } from './volume/export.ts'
import { addImport } from './volume/import.ts'
import { addDf, addLs } from './volume/list.ts'
import { addShow } from './volume/show.ts'
import { addTrim } from './volume/trim.ts'

/** Runs csi-driver-loop. @returns as `runProgram` */
export function run(argv: readonly string[]): Promise<number> {
  return runProgram(makeProgram(), argv)
}

/**
 * Runs a command line.
 * @returns the exit code: what the command has set, or 1 after one sentence about the error on stderr
 */
export async function runProgram(program: Command, argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync([...argv])
    return Number(process.exitCode ?? 0)
  } catch (error) {
    // Commander has printed its own errors, and --help.
    if (error instanceof CommanderError) return error.exitCode
    console.error(`${program.name()}: ${messageOf(error)}`)
    return 1
  }
}

/** csi-driver-loop with all its commands. @param machine for the commands for operators */
export function makeProgram(machine: OpenMachine = openLinux): Command {
  const build = (): Command => buildProgram(machine)
  const program = build()
  addCompletionCommands(program, build, machine)
  return program
}

async function openLinux(): ReturnType<OpenMachine> {
  const { operatorMachine } = await import('./node/linux-machine.ts')
  return operatorMachine()
}

function buildProgram(machine: OpenMachine): Command {
  const program = new Command('csi-driver-loop')
    .description('Volumes of a fixed size for containers, each made of one sparse file and one loop device.')
    .version(version)
    .exitOverride()
  addNodeCommand(program)
  addControllerCommand(program)
  addDoctorCommand(program, machine)
  addVolumeCommands(program, machine)
  addPoolCommands(program, machine)
  addLoopCommands(program, machine)
  return program
}

/**
 * The subcommands of `csi-driver-loop volume`, in the order of its help. Completion and kubectl-loop take
 * what they need from the declared arguments: `volume` is a volume of the node.
 */
const subcommands: readonly ((commands: NodeCommands) => void)[] = [
  addLs,
  addDf,
  addShow,
  addTrim,
  addCheck,
  addExport,
  addImport,
  addAdopt,
]

function addVolumeCommands(program: Command, machine: OpenMachine): void {
  const volume = program
    .command('volume')
    .description('Show and manage the volumes of this node (needs root)')
  for (const addTo of subcommands) addTo(nodeCommands(volume, machine))
}
