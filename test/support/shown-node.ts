import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'

/** Commands that run the one after it in the mount namespace of this process, or in another one. */
export const namespaces = [
  ['here', []],
  ['in another mount namespace', ['unshare', '--mount', '--propagation', 'private']],
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
export async function showNode(
  device: string,
  file: string,
  within: readonly string[],
  lasts?: string,
): Promise<ShownNode> {
  await writeFile(file, '')
  const wait = lasts === undefined ? 'read _' : `sleep ${lasts}`
  const script = `mount --bind "$1" "$2"; echo bound; ${wait}; umount "$2"`
  const [command, ...args] = [...within, 'sh', '-c', script, 'sh', device, file] as const
  const pod = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(pod, 'exit')
  await once(pod.stdout, 'data')
  return {
    file,
    async [Symbol.asyncDispose]() {
      pod.stdin.end('\n')
      await ended
    },
  }
}
