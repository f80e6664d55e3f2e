import { explain } from '../terminal/help.ts'
import { jsonOption } from '../terminal/options.ts'
import type { PoolOptions } from '../node/survey.ts'
import { WHICH_VOLUME, type AddCommand } from './words.ts'

type Options = PoolOptions & { readonly json?: boolean }

/** What commands say that hold the lock of an image while they work. */
const LOCKED =
  'Safe beside a running driver, which is asked nothing: the image is locked as an attached one is, so that it is neither staged nor deleted until this is done.'

/** The commands that work with volumes that there are. */
export function addWorkingCommands(add: AddCommand): void {
  const trim = add('trim', 'Give unused blocks of mounted volumes back to their pool (FITRIM)')
    .argument('<volume...>', WHICH_VOLUME)
    .addOption(jsonOption())
  trim.action(async (references: string[], { json = false, ...options }: Options) => {
    const { trimVolumes } = await import('./trim.ts')
    await trimVolumes(references, options, json)
  })
  explain(trim, {
    notes: [
      'Thick volumes are refused: they keep their blocks.',
      'Safe beside a running driver, which is asked nothing: it is what the file system itself may do at any time. An unmount that comes meanwhile is refused by the kernel, and repeated by the kubelet.',
    ],
    examples: ['csi-driver-loop volume trim default/db'],
  })

  const check = add('check', 'Look for damage in volumes that nobody uses, and repair nothing')
    .argument('<volume...>', WHICH_VOLUME)
    .addOption(jsonOption())
  check.action(async (references: string[], { json = false, ...options }: Options) => {
    const { checkVolumes } = await import('./check.ts')
    if (!(await checkVolumes(references, options, json))) process.exitCode = 1
  })
  explain(check, {
    notes: [
      'Runs e2fsck -fn, xfs_repair -n or btrfs check on a read-only device. A volume that is in use is refused. After a crash the log is not replayed, so what the next mount puts right may be told as damage.',
      LOCKED,
      'Exit code: 0 when all are clean, 1 otherwise.',
    ],
    examples: ['csi-driver-loop volume check default/db'],
  })

  const exporting = add('export', 'Write a snapshot, or a volume that nobody uses, to a raw image')
    .argument('<volume or snapshot>', `${WHICH_VOLUME}; id or name of the snapshot`)
    .requiredOption('--output <file>', 'a new file, made sparse; - for standard output')
  exporting.action(
    async (reference: string, { output, ...options }: PoolOptions & { readonly output: string }) => {
      const { exportImage } = await import('./export.ts')
      await exportImage(reference, output, options)
    },
  )
  explain(exporting, {
    notes: ['A volume that is in use is refused: make a snapshot of it, and export that.', LOCKED],
    examples: [
      'csi-driver-loop volume export default/db --output db.img',
      'csi-driver-loop volume export default/db --output - | zstd >db.img.zst',
    ],
  })
}
