import type { Command } from 'commander'
import { nodeCommands, type NodeCommands } from '../node/commands.ts'
import type { OpenMachine } from '../node/machine.ts'
import { addAdopt } from './adopt.ts'
import { addCheck } from './check.ts'
import { addExport } from './export.ts'
import { addImport } from './import.ts'
import { addDf, addLs } from './list.ts'
import { addShow } from './show.ts'
import { addTrim } from './trim.ts'

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

export function addVolumeCommands(program: Command, machine: OpenMachine): void {
  const volume = program
    .command('volume')
    .description('Show and manage the volumes of this node (needs root)')
  for (const addTo of subcommands) addTo(nodeCommands(volume, machine))
}
