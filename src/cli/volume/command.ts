import type { Command } from 'commander'
import { configOption, dataDirOption } from '../terminal/options.ts'
import { addLookingCommands } from './looking.ts'
import { addMakingCommands } from './making.ts'
import type { AddCommand } from './words.ts'
import { addWorkingCommands } from './working.ts'

/** `csi-driver-loop volume …`: the volumes of this node. */
export function addVolumeCommands(program: Command): void {
  const volume = program
    .command('volume')
    .description('Look at the volumes of this node, and work with them (needs root)')
  const add: AddCommand = (name, description) =>
    volume.command(name).description(description).addOption(dataDirOption()).addOption(configOption())
  addLookingCommands(add)
  addWorkingCommands(add)
  addMakingCommands(add)
}
