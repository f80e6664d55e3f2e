import { createHash } from 'node:crypto'

declare const brand: unique symbol

/** An id that this driver gave out. It is safe as a file name, a label and a loop device's name (41 bytes). */
export type VolumeId = string & { readonly [brand]: 'VolumeId' }

const NODE_HASH_DIGITS = 8
const NAME_HASH_DIGITS = 32
const pattern = new RegExp(`^[0-9a-f]{${NODE_HASH_DIGITS}}-[0-9a-f]{${NAME_HASH_DIGITS}}$`)

function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}

/** The start of every id that the node gives out, by which anybody can tell where a volume is. */
export function nodeHash(nodeId: string): string {
  return hash(nodeId, NODE_HASH_DIGITS)
}

/**
 * The id follows from the node and the requested name alone, so that a repeated CreateVolume finds what the first one
 * made by looking it up. Names are any Unicode (`/` and `..` too) and never become file names.
 */
export function volumeIdFor(nodeId: string, name: string): VolumeId {
  return `${nodeHash(nodeId)}-${hash(name, NAME_HASH_DIGITS)}` as VolumeId
}

/** True for what volumeIdFor can have returned on any node; a caller's id must pass before it becomes a path. */
export function isVolumeId(text: string): text is VolumeId {
  return pattern.test(text)
}
