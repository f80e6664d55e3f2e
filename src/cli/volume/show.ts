import { formatBytes } from '../../volumes/model/bytes.ts'
import { snapshotImage } from '../../volumes/inspection/pool-usage.ts'
import type { Snapshot } from '../../volumes/model/snapshot.ts'
import { takeSurvey, volumeOf, type PoolOptions } from '../node/survey.ts'
import { table } from '../terminal/text.ts'
import { statusOf } from './columns.ts'
import { findVolume } from './find.ts'
import { toView, type VolumeView } from './view.ts'

/** A snapshot of a volume as `--json` prints it. */
interface SnapshotView {
  readonly id: string
  readonly name: string
  readonly pool: string
  readonly cutAt: string
  readonly sizeBytes: number
  readonly image: string
}

/** @returns what `volume show` prints */
export async function showVolume(reference: string, options: PoolOptions, json: boolean): Promise<string> {
  const survey = await takeSurvey(options)
  const { pool, record } = findVolume(survey, reference)
  const volume = await volumeOf(pool, record, survey)
  const snapshots = survey.pools.flatMap((pool) =>
    pool.snapshots.records
      .filter(({ sourceVolumeId }) => sourceVolumeId === record.id)
      .map((snapshot) => toSnapshotView(snapshot, snapshotImage(pool, snapshot.id))),
  )
  const view = toView(volume)
  return json ? JSON.stringify({ ...view, snapshots }, undefined, 2) : lines(view, snapshots).join('\n')
}

function toSnapshotView({ cutAt, id, name, pool, sizeBytes }: Snapshot, image: string): SnapshotView {
  return { id, name, pool, cutAt, sizeBytes: Number(sizeBytes), image }
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
    ['attributes', `${volume.provisioning}, direct I/O ${volume.directIo}, discard ${volume.discard}`],
    ['made', `${volume.createdAt}${volume.ephemeral ? ', for one pod' : ''}`],
    ['made of', source ? `${source.type} ${source.id}` : undefined],
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
  return table(rows.flatMap(([key, value]) => (value === undefined ? [] : [[`${key}:`, value]])))
}

function size(bytes: number): string {
  return formatBytes(BigInt(bytes))
}
