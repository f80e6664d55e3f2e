import { open, type FileHandle } from 'node:fs/promises'
import { mount } from '../../src/linux/system-calls.ts'

/** The type of the root as in `st_mode`, in octal digits (fuse(4)). */
const rootModes = { directory: '40000', file: '100600' } as const

/** @returns the connection: whoever reads the requests from it is the server; its end ends all calls */
export async function mountFuse(
  name: string,
  path: string,
  root: keyof typeof rootModes,
): Promise<FileHandle> {
  const device = await open('/dev/fuse', 'r+')
  await mount(name, path, 'fuse', 0, `fd=${device.fd},rootmode=${rootModes[root]},user_id=0,group_id=0`)
  return device
}
