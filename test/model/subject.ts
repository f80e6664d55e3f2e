import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { groupSnapshotIdFor, snapshotIdFor, volumeIdFor } from '../../src/volumes/model/ids.ts'
import type { TestNode } from '../support/driver.ts'
import { MiB, blockCapability, mountCapability } from '../support/volume.ts'
import { kindNames, kindOf, propertiesOf, type Kind } from './kinds.ts'
import { listing } from './model.ts'
import {
  membersOf,
  type Operation,
  type Outcome,
  type SnapshotName,
  type Source,
  type VolumeName,
} from './operations.ts'

/** Direct I/O wants whole blocks, and so no other part of a device's content is touched. */
const STAMP_BYTES = 4096

const volumeNames = kindNames.flatMap((kind): VolumeName[] => [`${kind}-a`, `${kind}-b`, `${kind}-c`])
const snapshotNames = kindNames.flatMap((kind): SnapshotName[] => [
  `${kind}-snapshot-a`,
  `${kind}-snapshot-b`,
  `${kind}-member-a`,
  `${kind}-member-b`,
])

/** Makes the model's calls on a driver, and returns their outcomes in the model's terms. */
export class Subject {
  readonly #node: TestNode
  readonly #kinds: readonly Kind[]

  /** @param kinds those that are listed: others can work with volumes of the other kinds meanwhile */
  constructor(node: TestNode, kinds: readonly Kind[] = kindNames) {
    this.#node = node
    this.#kinds = kinds
  }

  async perform(operation: Operation): Promise<Outcome> {
    try {
      const answer = await this.#call(operation)
      return answer === undefined ? 'OK' : `OK ${answer}`
    } catch (error) {
      const code = (error as { readonly code?: unknown }).code
      if (typeof code !== 'number') throw error
      return status[code] ?? String(code)
    }
  }

  /** @returns what the model says of the answer */
  async #call(operation: Operation): Promise<string | number | undefined> {
    const { controller, groupController, node } = this.#node.client
    switch (operation.call) {
      case 'create': {
        const { volume } = await controller.createVolume({
          name: operation.volume,
          capacityRange: { requiredBytes: operation.size * MiB },
          volumeCapabilities: [capabilityOf(operation.volume)],
          parameters: { ...propertiesOf(kindOf(operation.volume)).parameters },
          volumeContentSource: operation.source ? this.#contentSource(operation.source) : null,
        })
        return mebibytes(volume?.capacityBytes)
      }
      case 'snapshot': {
        const sourceVolumeId = this.#id(operation.volume)
        const { snapshot } = await controller.createSnapshot({ name: operation.snapshot, sourceVolumeId })
        return mebibytes(snapshot?.sizeBytes)
      }
      case 'deleteSnapshot':
        await controller.deleteSnapshot({ snapshotId: this.#snapshotId(operation.snapshot) })
        return undefined
      case 'group': {
        const { name, volumes } = this.#group(operation.kind)
        await groupController.createVolumeGroupSnapshot({ name, sourceVolumeIds: volumes })
        return undefined
      }
      case 'deleteGroup': {
        const { id, snapshots } = this.#group(operation.kind)
        await groupController.deleteVolumeGroupSnapshot({ groupSnapshotId: id, snapshotIds: snapshots })
        return undefined
      }
      case 'modify': {
        const { provisioning } = operation
        const volumeId = this.#id(operation.volume)
        await controller.controllerModifyVolume({ volumeId, mutableParameters: { provisioning } })
        return undefined
      }
      case 'listVolumes':
        return this.#listVolumes()
      case 'listSnapshots':
        return this.#listSnapshots()
      case 'delete':
        await controller.deleteVolume({ volumeId: this.#id(operation.volume) })
        return undefined
      case 'stage':
        await this.#node.directory(operation.volume, 'globalmount')
        await node.nodeStageVolume({
          ...this.#staged(operation.volume),
          volumeCapability: capabilityOf(operation.volume),
        })
        return undefined
      case 'unstage':
        await node.nodeUnstageVolume(this.#staged(operation.volume))
        return undefined
      case 'publish':
        await this.#node.directory(operation.volume)
        await node.nodePublishVolume({
          ...this.#staged(operation.volume),
          targetPath: this.#target(operation.volume),
          volumeCapability: capabilityOf(operation.volume),
        })
        return undefined
      case 'unpublish':
        await node.nodeUnpublishVolume({
          volumeId: this.#id(operation.volume),
          targetPath: this.#target(operation.volume),
        })
        return undefined
      case 'expand': {
        const capacityRange = { requiredBytes: operation.size * MiB }
        const volumeId = this.#id(operation.volume)
        return mebibytes((await controller.controllerExpandVolume({ volumeId, capacityRange })).capacityBytes)
      }
      case 'nodeExpand': {
        const capacityRange = { requiredBytes: operation.size * MiB }
        const where = { volumeId: this.#id(operation.volume), volumePath: this.#target(operation.volume) }
        return mebibytes((await node.nodeExpandVolume({ ...where, capacityRange })).capacityBytes)
      }
      case 'write':
        await writeStamp(this.#content(operation.volume), operation.stamp)
        return undefined
      case 'read':
        return readStamp(this.#content(operation.volume))
    }
  }

  async #listVolumes(): Promise<string> {
    const { entries } = await this.#node.client.controller.listVolumes({})
    const names = new Map(volumeNames.map((name) => [this.#id(name), name]))
    const sizes = entries.map(({ volume }) => [
      names.get(volume?.volumeId ?? '') ?? volume?.volumeId ?? '',
      mebibytes(volume?.capacityBytes),
    ])
    return listing(Object.fromEntries(sizes.filter(this.#isListed)) as Record<string, number>, String)
  }

  async #listSnapshots(): Promise<string> {
    const { entries } = await this.#node.client.controller.listSnapshots({})
    const names = new Map(snapshotNames.map((name) => [this.#snapshotId(name), name]))
    const volumes = new Map(volumeNames.map((name) => [this.#id(name), name]))
    const lines = entries.map(({ snapshot }) => [
      names.get(snapshot?.snapshotId ?? '') ?? snapshot?.snapshotId ?? '',
      `${volumes.get(snapshot?.sourceVolumeId ?? '')} ${mebibytes(snapshot?.sizeBytes)}`,
    ])
    return listing(Object.fromEntries(lines.filter(this.#isListed)) as Record<string, string>, String)
  }

  #id(name: VolumeName): string {
    return volumeIdFor(this.#node.id, name)
  }

  /** What has a name of no kind is listed too. */
  readonly #isListed = ([name]: readonly (string | number)[]): boolean =>
    !kindNames.some((kind) => String(name).startsWith(`${kind}-`) && !this.#kinds.includes(kind))

  #snapshotId(name: SnapshotName): string {
    const member = membersOf(kindOf(name)).find(({ snapshot }) => snapshot === name)
    const ofGroup = member && `${groupName(kindOf(name))} of ${this.#id(member.volume)}`
    return snapshotIdFor(this.#node.id, ofGroup ?? name)
  }

  #group(kind: Kind) {
    const members = membersOf(kind)
    return {
      name: groupName(kind),
      id: groupSnapshotIdFor(this.#node.id, groupName(kind)),
      volumes: members.map(({ volume }) => this.#id(volume)),
      snapshots: members.map(({ snapshot }) => this.#snapshotId(snapshot)),
    }
  }

  #contentSource({ type, name }: Source) {
    return type === 'volume'
      ? ({ volume: { volumeId: this.#id(name as VolumeName) }, type } as const)
      : ({ snapshot: { snapshotId: this.#snapshotId(name as SnapshotName) }, type } as const)
  }

  #staged(name: VolumeName): { volumeId: string; stagingTargetPath: string } {
    return { volumeId: this.#id(name), stagingTargetPath: join(this.#node.path, name, 'globalmount') }
  }

  #target(name: VolumeName): string {
    return join(this.#node.path, name, 'pod')
  }

  /** A device has its content itself. */
  #content(name: VolumeName): string {
    return isBlock(name) ? this.#target(name) : join(this.#target(name), 'content')
  }
}

function isBlock(name: VolumeName): boolean {
  return propertiesOf(kindOf(name)).fsType === undefined
}

function capabilityOf(name: VolumeName) {
  const { fsType } = propertiesOf(kindOf(name))
  return fsType === undefined ? blockCapability() : mountCapability(fsType)
}

function groupName(kind: Kind): string {
  return `${kind}-group`
}

function mebibytes(bytes: unknown): number {
  return Number(bytes) / MiB
}

/** It is on the disk when this returns, as a snapshot has what is on the disk. */
async function writeStamp(path: string, stamp: number): Promise<void> {
  await using file = await open(path, 'r+').catch(() => open(path, 'wx'))
  await file.write(Buffer.alloc(STAMP_BYTES, stamp), 0, STAMP_BYTES, 0)
  await file.sync()
}

/** @returns 0 where nothing was written, NaN where only a part of it is there */
async function readStamp(path: string): Promise<number> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return 0
  try {
    const found = Buffer.alloc(STAMP_BYTES)
    await file.read(found, 0, STAMP_BYTES, 0)
    return found.every((byte) => byte === found[0]) ? (found[0] ?? NaN) : NaN
  } finally {
    await file.close()
  }
}
