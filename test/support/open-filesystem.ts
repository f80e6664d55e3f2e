import { openFileSystem } from '../../src/linux/mount/open-filesystem.ts'
import type { OpenFileSystem } from '../../src/volumes/model/ports/mounts.ts'

/** The active file system of a device. @param path `/dev/loop3` */
export async function openOn(path: string): Promise<OpenFileSystem> {
  const fileSystem = await openFileSystem({ number: Number(path.slice('/dev/loop'.length)), path })
  if (fileSystem) return fileSystem
  throw new Error(`no file system is alive on ${path}`)
}
