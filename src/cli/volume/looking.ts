import { explain } from '../terminal/help.ts'
import { jsonOption } from '../terminal/options.ts'
import type { PoolOptions } from '../node/survey.ts'
import { WHICH_VOLUME, type AddCommand } from './words.ts'

type Options = PoolOptions & { readonly json?: boolean }

/** The commands that change nothing. */
export function addLookingCommands(add: AddCommand): void {
  const ls = add('ls', 'List the volumes: their claims, sizes and devices').addOption(jsonOption())
  ls.action(async ({ json = false, ...options }: Options) => {
    const { listVolumes } = await import('./list.ts')
    const { listColumns } = await import('./columns.ts')
    console.log(await listVolumes(listColumns, options, json))
  })
  explain(ls, { examples: ['csi-driver-loop volume ls', 'csi-driver-loop volume ls --json'] })

  const df = add('df', 'Show how full the volumes are, where they are mounted').addOption(jsonOption())
  df.action(async ({ json = false, ...options }: Options) => {
    const { listVolumes } = await import('./list.ts')
    const { usageColumns } = await import('./columns.ts')
    console.log(await listVolumes(usageColumns, options, json))
  })
  explain(df, {
    notes: [
      'ALLOCATED is what the image takes of its pool, which for a thin volume is what was ever written and not given back. Sizes are in binary units (1 GiB = 1024 MiB); with --json in bytes.',
    ],
    examples: ['csi-driver-loop volume df'],
  })

  const show = add('show', 'Show all that is known of a volume: record, image, devices, mounts, snapshots')
    .argument('<volume>', WHICH_VOLUME)
    .addOption(jsonOption())
  show.action(async (reference: string, { json = false, ...options }: Options) => {
    const { showVolume } = await import('./show.ts')
    console.log(await showVolume(reference, options, json))
  })
  explain(show, { examples: ['csi-driver-loop volume show default/db'] })
}
