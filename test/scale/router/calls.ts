import type { CsiClient } from '../../../src/csi/client.ts'
import { mountCapability } from '../../support/volume.ts'
import type { Growth } from '../growth.ts'
import { chosenNode, topologiesFrom, type Group, type Subject } from './subject.ts'

export interface MeasuredCall {
  readonly name: string
  /** By what it grows: not at all where it concerns one node or one object. */
  readonly growth: { readonly nodes: Growth; readonly volumes: Growth }
  /** Why it grows, or does not. */
  readonly why: string
  /** A list fails while a node is unreachable: a partial one would look like lost volumes. */
  readonly needsAllNodes: boolean
  /** How many of them the sidecars make at the same time. */
  readonly atOnce: number
  /** @param round unique for each call to a cluster */
  readonly call: (subject: Subject, round: number) => Promise<unknown>
}

/** The sidecars' `--worker-threads`, of csi-provisioner by default. */
const WORKERS = 100
const LISTS = 2

const range = (gibibytes: number) => ({ requiredBytes: (gibibytes * 2 ** 30).toString() })
const volumeCapabilities = [mountCapability('ext4')]

/** The calls of the sidecars. Later ones use what earlier ones have created. */
export const calls: readonly MeasuredCall[] = [
  askingAll('CreateVolume on a chosen node', 'the request names all nodes', async (subject, round) => {
    const terms = topologiesFrom(subject, chosenNode(subject, round))
    const request = { ...newVolume(subject, 'chosen', round), accessibilityRequirements: twice(terms) }
    const { volume } = await subject.client.controller.createVolume(request)
    subject.volumeIds[round] = volume?.volumeId ?? ''
  }),
  askingAll(
    'CreateVolume anywhere',
    'all nodes are asked for the name and their capacity',
    (subject, round) => subject.client.controller.createVolume(newVolume(subject, 'anywhere', round)),
  ),
  ofVolume('ValidateVolumeCapabilities', ({ controller }, volumeId) =>
    controller.validateVolumeCapabilities({ volumeId, volumeCapabilities }),
  ),
  ofVolume('ControllerGetVolume', ({ controller }, volumeId) => controller.controllerGetVolume({ volumeId })),
  ofVolume('ControllerExpandVolume', ({ controller }, volumeId) =>
    controller.controllerExpandVolume({ volumeId, capacityRange: range(2) }),
  ),
  ofVolume('ControllerModifyVolume', ({ controller }, volumeId) =>
    controller.controllerModifyVolume({ volumeId, mutableParameters: { directIO: 'off' } }),
  ),
  ofVolume('ControllerGetVolumeHealth', ({ controller }, volumeId) =>
    controller.controllerGetVolumeHealth({ volumeId }),
  ),
  askingAll('CreateSnapshot', 'all nodes are asked for the name', async (subject, round) => {
    const sourceVolumeId = subject.volumeIds[round] ?? ''
    const request = { name: `${subject.prefix}-${round}`, sourceVolumeId }
    const { snapshot } = await subject.client.controller.createSnapshot(request)
    subject.snapshotIds[round] = snapshot?.snapshotId ?? ''
  }),
  ofSnapshot('ListSnapshots, one', ({ controller }, snapshotId) => controller.listSnapshots({ snapshotId })),
  ofSnapshot('DeleteSnapshot', ({ controller }, snapshotId) => controller.deleteSnapshot({ snapshotId })),
  askingAll('CreateVolumeGroupSnapshot', 'all nodes are asked for the name', async (subject, round) => {
    const request = { name: `${subject.prefix}-${round}`, sourceVolumeIds: [subject.volumeIds[round] ?? ''] }
    const { groupSnapshot } = await subject.client.groupController.createVolumeGroupSnapshot(request)
    const snapshotIds = groupSnapshot?.snapshots.map(({ snapshotId }) => snapshotId) ?? []
    subject.groups[round] = { groupSnapshotId: groupSnapshot?.groupSnapshotId ?? '', snapshotIds }
  }),
  ofGroup('GetVolumeGroupSnapshot', ({ groupController }, group) =>
    groupController.getVolumeGroupSnapshot(group),
  ),
  ofGroup('DeleteVolumeGroupSnapshot', ({ groupController }, group) =>
    groupController.deleteVolumeGroupSnapshot(group),
  ),
  ofVolume('DeleteVolume', ({ controller }, volumeId) => controller.deleteVolume({ volumeId })),
  askingOne('DeleteVolume, not of this driver', 'any node is asked', ({ client }) =>
    client.controller.deleteVolume({ volumeId: 'foreign' }),
  ),
  askingOne('GetCapacity of one node', 'this node is asked', (subject, round) =>
    subject.client.controller.getCapacity({
      accessibleTopology: subject.topologies[chosenNode(subject, round)] ?? null,
    }),
  ),
  askingAll('GetCapacity of all nodes', 'all nodes are asked', ({ client }) =>
    client.controller.getCapacity({}),
  ),
  listing('ListVolumes, ten', 'constant', 'nodes are asked until there are enough', ({ controller }) =>
    controller.listVolumes({ maxEntries: 10 }),
  ),
  listing('ListVolumes, all', 'linear', 'one node is asked after another', ({ controller }) =>
    allPages((startingToken) => controller.listVolumes({ startingToken })),
  ),
  listing('ListSnapshots, all', 'linear', 'one node is asked after another', ({ controller }) =>
    allPages((startingToken) => controller.listSnapshots({ startingToken })),
  ),
  listing('ControllerListVolumeHealth, all', 'linear', 'one node is asked after another', ({ controller }) =>
    allPages((startingToken) => controller.controllerListVolumeHealth({ startingToken })),
  ),
]

type Call = MeasuredCall['call']

function askingOne(name: string, why: string, call: Call): MeasuredCall {
  const growth = { nodes: 'constant', volumes: 'constant' } as const
  return { name, why, call, growth, needsAllNodes: false, atOnce: WORKERS }
}

function askingAll(name: string, why: string, call: Call): MeasuredCall {
  const growth = { nodes: 'linear', volumes: 'constant' } as const
  return { name, why, call, growth, needsAllNodes: false, atOnce: WORKERS }
}

function listing(
  name: string,
  growth: Growth,
  why: string,
  call: (client: CsiClient) => Promise<unknown>,
): MeasuredCall {
  const list: Call = ({ client }) => call(client)
  const grows = { nodes: growth, volumes: growth }
  return { name, why, call: list, growth: grows, needsAllNodes: true, atOnce: LISTS }
}

function ofVolume(name: string, call: (client: CsiClient, volumeId: string) => Promise<unknown>) {
  return askingOne(name, 'the node of the volume is asked', ({ client, volumeIds }, round) =>
    call(client, volumeIds[round] ?? ''),
  )
}

function ofSnapshot(name: string, call: (client: CsiClient, snapshotId: string) => Promise<unknown>) {
  return askingOne(name, 'the node of the snapshot is asked', ({ client, snapshotIds }, round) =>
    call(client, snapshotIds[round] ?? ''),
  )
}

function ofGroup(name: string, call: (client: CsiClient, group: Group) => Promise<unknown>) {
  return askingOne(name, 'the node of the group is asked', ({ client, groups }, round) =>
    call(client, groups[round] ?? { groupSnapshotId: '', snapshotIds: [] }),
  )
}

function newVolume({ prefix }: Subject, kind: string, round: number) {
  return { name: `${prefix}-${kind}-${round}`, capacityRange: range(1), volumeCapabilities }
}

/** As csi-provisioner names nodes: all of them twice, the one that the scheduler has chosen first. */
function twice<Term>(terms: Term[]): { requisite: Term[]; preferred: Term[] } {
  return { requisite: terms, preferred: terms }
}

async function allPages(
  page: (startingToken: string) => Promise<{ readonly nextToken: string }>,
): Promise<void> {
  let token = ''
  do token = (await page(token)).nextToken
  while (token !== '')
}
