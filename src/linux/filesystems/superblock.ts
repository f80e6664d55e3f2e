import type { FileHandle } from 'node:fs/promises'
import { open, turn } from '../../volumes/pool/gate/turn.ts'
import { deviceSize } from '../loop/device.ts'
import type { FileSystemDescriptor, Magic } from './descriptor.ts'

const UUID_BYTES = 16

/** Reads up to `length` bytes at an offset of a device or an image. */
export async function readAt(device: FileHandle, offset: number, length: number): Promise<Buffer> {
  const read = () => device.read(Buffer.alloc(length), 0, length, offset)
  const { buffer, bytesRead } = await turn(read)
  return buffer.subarray(0, bytesRead)
}

/** @param start of a device, as far as it has been read */
export function hasMagic(start: Buffer, { offset, bytes }: Magic): boolean {
  return start.subarray(offset, offset + bytes.length).equals(bytes)
}

/** @returns undefined for a UUID of zeros, which means none */
export function uuidIn(start: Buffer, { uuidOffset }: Pick<Magic, 'uuidOffset'>): string | undefined {
  const bytes = start.subarray(uuidOffset, uuidOffset + UUID_BYTES)
  if (bytes.every((byte) => byte === 0)) return undefined
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** True when a device has room behind the end of its file system. This also works while it is mounted. */
export async function hasRoomToGrow(
  device: string,
  { sizeOf }: Pick<FileSystemDescriptor, 'sizeOf'>,
): Promise<boolean> {
  await using handle = await open(device, 'r')
  const { bytes, unitBytes } = await sizeOf(handle)
  return (await deviceSize(handle, device)) - bytes >= unitBytes
}
