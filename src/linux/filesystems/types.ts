import type { FileHandle } from 'node:fs/promises'
import { fsTypes, type FileSystemIdentity, type FsType } from '../../volumes/model/ports/file-systems.ts'
import type { FileSystemDescriptor } from './descriptor.ts'
import { hasMagic, readAt, uuidIn } from './superblock.ts'

/**
 * The types of file systems that volumes can have. The file of this folder that has the name of a type
 * exports its descriptor under that name.
 */
export const types = Object.fromEntries(
  await Promise.all(fsTypes.map(async (type) => [type, await descriptorOf(type)] as const)),
) as Readonly<Record<FsType, FileSystemDescriptor>>

async function descriptorOf(type: FsType): Promise<FileSystemDescriptor> {
  const { [type]: descriptor } = (await import(`./${type}.ts`)) as Partial<
    Record<FsType, FileSystemDescriptor>
  >
  if (descriptor) return descriptor
  throw new Error(`${type}.ts exports no descriptor of this name`)
}

/** The tools that file systems need, and the packages in which Debian has them. */
export const debianPackages: ReadonlyMap<string, string> = new Map([
  ['blkid', 'util-linux'],
  ...fsTypes.flatMap((type) => {
    const { debianPackage, operatorTools, tools } = types[type]
    return [...tools, ...operatorTools].map((tool) => [tool, debianPackage] as const)
  }),
])

/** The part of a device that contains the superblocks of all types. */
const START_BYTES = 68 << 10

/** @param start of a device: 68 KiB or more */
export function typeByMagic(start: Buffer): FsType | undefined {
  return fsTypes.find((type) => hasMagic(start, types[type].magic))
}

/** The file system of an open device or image, by magic number alone: no checksum is computed. */
export async function identify(device: FileHandle): Promise<FileSystemIdentity | undefined> {
  const start = await readAt(device, 0, START_BYTES)
  const type = start.length === START_BYTES ? typeByMagic(start) : undefined
  return type && { type, uuid: uuidIn(start, types[type].magic) }
}
