import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { LinuxFileSystems } from '../../../src/linux/filesystems/index.ts'
import { mount, umount2 } from '../../../src/linux/system-calls.ts'
import { unmountFlags } from '../../../src/linux/abi/mount.ts'
import type { Attacher } from '../attachers.ts'

/** Sparse; the pool on it overcommits. */
const DISK_BYTES = 4 * 1024 ** 3

/** An XFS, which can share blocks between files, in a sparse file. It is mounted until the disposal. */
export async function mountReflinkDisk(
  directory: string,
  attacher: Attacher,
): Promise<AsyncDisposable & { readonly path: string }> {
  const image = join(directory, 'disk.img')
  const path = join(directory, 'mounted')
  await mkdir(path)
  {
    await using file = await open(image, 'wx')
    await file.truncate(DISK_BYTES)
  }
  // From the mount on only that keeps the device.
  await using device = await attacher.attach(image)
  await new LinuxFileSystems().format('xfs', device.path, [], new AbortController().signal)
  await mount(device.path, path, 'xfs', 0, null)
  // After a failure something on it may still be in use; then it goes with that.
  return { path, [Symbol.asyncDispose]: () => umount2(path, unmountFlags.detach) }
}
