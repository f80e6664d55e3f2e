import { chmod, copyFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ownNamespace } from './namespace.ts'

/**
 * Puts a shell script in the place of a tool, seen only by the one process that is started within, in a mount
 * namespace of its own: the driver looks for its tools where they are installed, whatever PATH says.
 *
 * @param directory where the script is kept
 * @param tool its absolute path; in the script `"$real"` is a copy of it
 * @returns a command to start a driver within
 */
export async function withStub(directory: string, tool: string, script: string): Promise<string[]> {
  const [path, real] = [join(directory, 'stub'), join(directory, basename(tool))]
  await copyFile(tool, real)
  await writeFile(path, `#!/bin/sh\nreal=${real}\n${script}\n`)
  await chmod(path, 0o755)
  return ownNamespace(directory, `mount --bind "${path}" "${tool}"`)
}
