import { open, type FileHandle } from 'node:fs/promises'
import { deviceSize } from '../loop/device-size.ts'

/** How large a file system is, by its superblock. */
export interface FileSystemSize {
  readonly bytes: bigint
  /** It does not grow by less. */
  readonly unitBytes: bigint
}

/** True when a device has room behind the end of its file system. Also right while that is mounted. */
export async function hasRoomToGrow(
  device: string,
  sizeOf: (handle: FileHandle) => Promise<FileSystemSize>,
): Promise<boolean> {
  await using handle = await open(device, 'r')
  const { bytes, unitBytes } = await sizeOf(handle)
  return (await deviceSize(handle, device)) - bytes >= unitBytes
}
