import { writeFile } from 'node:fs/promises'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { startHolding } from './holding.ts'
import { ownNamespace } from './namespace.ts'

export const inAnotherNamespace = ownNamespace(undefined)

/** Commands that run the one after it in the mount namespace of this process, or in another one. */
export const namespaces = [
  ['here', []],
  ['in another mount namespace', inAnotherNamespace],
] as const satisfies [where: string, within: string[]][]

/** The node of a device, bind-mounted as a pod has it. */
export interface ShownNode extends AsyncDisposable {
  /** Where it is mounted. */
  readonly file: string
}

/**
 * Binds the node of a device to a file until it is disposed of.
 * @param within one of `namespaces`
 * @param lasts how long it is bound, as sleep(1) takes it; by default until it is disposed of
 */
export function showNode(
  device: string,
  file: string,
  within: readonly string[],
  lasts?: string,
): Promise<ShownNode> {
  const wait = lasts === undefined ? 'read _' : `sleep ${lasts}`
  const script = `mount --bind "$1" "$2"; echo bound; ${wait}; umount "$2"`
  return show(file, [...within, 'sh', '-c', script, 'sh', device, file])
}

/** As `showNode`, in a mount namespace that one thread of a process has, and not the first. */
export function showNodeInThread(device: string, file: string): Promise<ShownNode> {
  return show(file, [execPath, fileURLToPath(THREAD), device, file])
}

const THREAD = new URL('thread-namespace.ts', import.meta.url)

async function show(file: string, command: readonly string[]): Promise<ShownNode> {
  await writeFile(file, '')
  return { file, ...(await startHolding(command)) }
}
