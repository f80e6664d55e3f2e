import { snapshotImage } from '../../volumes/inspection/pool-on-disk.ts'
import { attributeKeys, parameterOf } from '../../volumes/model/attributes.ts'
import { formatBytes } from '../../volumes/model/bytes.ts'
import type { Snapshot } from '../../volumes/model/snapshot.ts'
import type { NodeCommands, PoolOptions } from '../node/commands.ts'
import { inspectNode, inspectVolume } from '../node/inspect.ts'
import type { OperatorMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import { jsonOption } from '../terminal/options.ts'
import { alignCells } from '../terminal/text.ts'
import { findVolume, WHICH_VOLUME } from './find.ts'
import { statusOf } from './list.ts'
import { toView, type VolumeView } from './view.ts'

/** `volume show`. */
export function addShow({ add, machine }: NodeCommands): void {
  const command = add('show', 'Show a volume: record, image, devices, mounts, snapshots')
    .argument('<volume>', WHICH_VOLUME)
    .addOption(jsonOption())
    .action(async (reference: string, { json, ...options }: PoolOptions & { readonly json?: boolean }) => {
      const { snapshots, view } = await showVolume(await machine(), reference, options)
      console.log(
        json ? JSON.stringify({ ...view, snapshots }, undefined, 2) : lines(view, snapshots).join('\n'),
      )
    })
  explain(command, { examples: ['csi-driver-loop volume show default/db'] })
}

/** A snapshot of a volume in the output of `--json`. */
interface SnapshotView {
  readonly id: string
  readonly name: string
  readonly pool: string
  readonly cutAt: string
  readonly sizeBytes: number
  readonly image: string
}

async function showVolume(
  machine: OperatorMachine,
  reference: string,
  options: PoolOptions,
): Promise<{ view: VolumeView; snapshots: SnapshotView[] }> {
  const node = await inspectNode(machine, options)
  const { pool, record } = findVolume(node, reference)
  const volume = await inspectVolume(pool, record, node)
  const snapshots = node.pools.flatMap((pool) =>
    pool.snapshots.records
      .filter(({ sourceVolumeId }) => sourceVolumeId === record.id)
      .map((snapshot) => toSnapshotView(snapshot, snapshotImage(pool, snapshot.id))),
  )
  return { view: toView(volume), snapshots }
}

function toSnapshotView({ pointInTime, id, name, pool, sizeBytes }: Snapshot, image: string): SnapshotView {
  return { id, name, pool, cutAt: pointInTime, sizeBytes: Number(sizeBytes), image }
}

function lines(volume: VolumeView, snapshots: readonly SnapshotView[]): string[] {
  const { claim, contentSource: source, devices, mounts, usage } = volume
  const rows: [string, string | undefined][] = [
    ['volume', volume.id],
    ['name', JSON.stringify(volume.name)],
    ['claim', claim ?? '-'],
    ['status', statusOf(volume)],
    ['pool', volume.pool],
    ['image', volume.image],
    ['size', `${size(volume.capacityBytes)}, of which ${size(volume.allocatedBytes)} are allocated`],
    [
      'type',
      volume.accessTypes.map((type) => (type === 'mount' ? (volume.fsType ?? '') : 'block')).join(', '),
    ],
    ['attributes', attributesText(volume)],
    ['created', `${volume.createdAt}${volume.ephemeral ? ', for one pod' : ''}`],
    ['created from', source ? `${source.type} ${source.id}` : undefined],
    ['used', usage ? `${size(usage.usedBytes)} of ${size(usage.totalBytes)}` : undefined],
    ...devices.map(({ directIo, path, readOnly }): [string, string] => [
      'device',
      [path, readOnly ? 'read-only' : '', directIo ? 'direct I/O' : ''].filter(Boolean).join(', '),
    ]),
    ...mounts.map(({ readOnly, target }): [string, string] => [
      'mount',
      `${target}${readOnly ? ', read-only' : ''}`,
    ]),
    ...snapshots.map(({ cutAt, id }): [string, string] => ['snapshot', `${id}, ${cutAt}`]),
  ]
  return alignCells(rows.flatMap(([key, value]) => (value === undefined ? [] : [[`${key}:`, value]])))
}

function attributesText(volume: VolumeView): string {
  return attributeKeys
    .map((key) => [parameterOf(key).label, volume[key]].filter(Boolean).join(' '))
    .join(', ')
}

function size(bytes: number): string {
  return formatBytes(BigInt(bytes))
}
