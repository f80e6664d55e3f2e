import type { Command } from 'commander'
import { explain } from '../terminal/help.ts'
import { configOption, dataDirOption, jsonOption } from '../terminal/options.ts'
import type { PoolOptions } from '../node/survey.ts'

type Options = PoolOptions & { readonly json?: boolean }

/** `csi-driver-loop pool …`: the pools of this node. */
export function addPoolCommands(program: Command): void {
  const pool = program.command('pool').description('Look at the pools of this node (needs root)')
  const add = (name: string, description: string): Command =>
    pool
      .command(name)
      .description(description)
      .addOption(dataDirOption())
      .addOption(configOption())
      .addOption(jsonOption())

  const ls = add('ls', 'List the pools: where they are, their state, and what is in them')
  ls.action(async ({ json = false, ...options }: Options) => {
    const { listPools } = await import('./list.ts')
    const { listColumns } = await import('./columns.ts')
    console.log(await listPools(listColumns, options, json))
  })
  explain(ls, {
    notes: [
      'A pool is "ready", "new" before the driver has made it, "unmounted" when it is an image that the driver of this mount namespace has not mounted, or "unreachable"; csi-driver-loop doctor says why.',
    ],
    examples: ['csi-driver-loop pool ls', 'csi-driver-loop pool ls --json'],
  })

  const df = add('df', 'Show how full the pools are, and what they have promised')
  df.action(async ({ json = false, ...options }: Options) => {
    const { listPools } = await import('./list.ts')
    const { spaceColumns } = await import('./columns.ts')
    console.log(await listPools(spaceColumns, options, json))
  })
  explain(df, {
    notes: [
      'SIZE is what volumes and snapshots together may take, PROMISED what they may grow to, AVAILABLE how large a new thin volume can be. Sizes are in binary units (1 GiB = 1024 MiB); with --json in bytes.',
    ],
    examples: ['csi-driver-loop pool df'],
  })
}
