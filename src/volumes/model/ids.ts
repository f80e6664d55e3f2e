import { createHash } from 'node:crypto'

declare const brand: unique symbol

/** An id that a node gave out. It is safe as a file name, a label and a loop device's name (41 bytes). */
type Id<Kind> = string & { readonly [brand]: Kind }
export type VolumeId = Id<'volume'>
export type SnapshotId = Id<'snapshot'>
export type GroupSnapshotId = Id<'group'>

const NODE_HASH_DIGITS = 8
const NAME_HASH_DIGITS = 32
const pattern = new RegExp(`^[0-9a-f]{${NODE_HASH_DIGITS}}-[0-9a-f]{${NAME_HASH_DIGITS}}$`)

function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}

/** The prefix of every id that the node creates. It identifies the node of a volume. */
export function nodeHash(nodeId: string): string {
  return hash(nodeId, NODE_HASH_DIGITS)
}

/**
 * The id is derived from the node and the requested name only, so that a repeated CreateVolume finds the
 * volume of the first one by its id. Names are any Unicode, also `/` and `..`, and never become file names.
 */
export function volumeIdFor(nodeId: string, name: string): VolumeId {
  return `${nodeHash(nodeId)}-${hash(name, NAME_HASH_DIGITS)}` as VolumeId
}

/**
 * As volumeIdFor, for an inline volume, which the kubelet names. No persistent volume has the same id: CSI
 * allows no U+0000 in their names.
 */
export function ephemeralIdFor(nodeId: string, name: string): VolumeId {
  return volumeIdFor(nodeId, `ephemeral\0${name}`)
}

/** As volumeIdFor; a snapshot and a volume of the same name have different ids. */
export function snapshotIdFor(nodeId: string, name: string): SnapshotId {
  return `${nodeHash(nodeId)}-${hash(`snapshot ${name}`, NAME_HASH_DIGITS)}` as SnapshotId
}

/** As volumeIdFor, for a group of snapshots. */
export function groupSnapshotIdFor(nodeId: string, name: string): GroupSnapshotId {
  return `${nodeHash(nodeId)}-${hash(`group ${name}`, NAME_HASH_DIGITS)}` as GroupSnapshotId
}

/** True for an id that any node can have given out. Check a caller's id by this before it becomes a path. */
export function isId(text: string): boolean {
  return pattern.test(text)
}

/** The nodeHash of the node that gave out an id; undefined for a text that is no id. */
export function nodeHashOf(id: string): string | undefined {
  return isId(id) ? id.slice(0, NODE_HASH_DIGITS) : undefined
}

/** An id that sorts before all ids of a node with this hash. */
export function beforeAllIdsOf(nodeHash: string): string {
  return `${nodeHash}-${'0'.repeat(NAME_HASH_DIGITS)}`
}

/** True for an id that this node gave out, whether or not its volume or snapshot still exists. */
export function isIdOfNode(text: string, nodeId: string): boolean {
  return isId(text) && text.startsWith(`${nodeHash(nodeId)}-`)
}
