import { describe, expect, it } from '@jest/globals'
import { status } from '@grpc/grpc-js'
import { levelOf } from '../../../src/csi/adapter.ts'
import { csi } from '../../../src/csi/protocol.ts'

const mutating = [
  ...['CreateVolume', 'DeleteVolume', 'ControllerExpandVolume', 'ControllerModifyVolume'],
  ...['CreateSnapshot', 'DeleteSnapshot', 'CreateVolumeGroupSnapshot', 'DeleteVolumeGroupSnapshot'],
  ...['NodeStageVolume', 'NodeUnstageVolume', 'NodePublishVolume', 'NodeUnpublishVolume', 'NodeExpandVolume'],
]
/** Of attachment, which this driver does not have. */
const unused = ['ControllerPublishVolume', 'ControllerUnpublishVolume']

describe('the level of the line of a call', () => {
  const { Controller, GroupController, Identity, Node, SnapshotMetadata } = csi()
  const methods = [Controller, GroupController, Identity, Node, SnapshotMetadata]
    .flatMap((service) => Object.values(service))
    .map(({ path }) => ({ path, name: path.slice(path.lastIndexOf('/') + 1) }))
    .filter(({ name }) => !unused.includes(name))

  it.each(methods)('of $name that succeeds is info exactly if it changes something', ({ path, name }) => {
    expect(levelOf(path, status.OK)).toBe(mutating.includes(name) ? 'info' : 'debug')
  })

  it.each([
    ['NodeStageVolume', 'INVALID_ARGUMENT', 'warn'],
    ['NodeStageVolume', 'NOT_FOUND', 'warn'],
    ['NodeStageVolume', 'INTERNAL', 'error'],
    ['NodeStageVolume', 'UNKNOWN', 'error'],
    ['CreateVolume', 'RESOURCE_EXHAUSTED', 'warn'],
    ['CreateVolume', 'CANCELLED', 'warn'],
    ['ControllerGetVolume', 'NOT_FOUND', 'debug'],
    ['ControllerGetVolume', 'UNAVAILABLE', 'warn'],
    ['NodeGetVolumeStats', 'INTERNAL', 'error'],
    ['Probe', 'FAILED_PRECONDITION', 'warn'],
  ] as const)('of %s that ends with %s is %s', (name, code, level) => {
    const path = methods.find((method) => method.name === name)?.path ?? ''
    expect(levelOf(path, status[code])).toBe(level)
  })
})
