import { readFile } from 'node:fs/promises'
import { findMountById, type MountInfo } from './mountinfo.ts'

/**
 * A mount may be gone, or covered by another, between the question for its number and the look at the list.
 */
const LOOKS = 5

/** The mounts that this process sees. */
export function readMountInfo(): Promise<string> {
  return readFile('/proc/self/mountinfo', 'utf8')
}

/**
 * What mountinfo says of a mount.
 * @param idOf tells the mount's number: mountIdAt, or mountIdOf
 * @returns undefined when that finds none
 */
export async function findMount(
  path: string,
  idOf: (path: string) => Promise<number | undefined>,
): Promise<MountInfo | undefined> {
  for (let look = 0; look < LOOKS; look++) {
    const id = await idOf(path)
    if (id === undefined) return undefined
    const entry = findMountById(await readMountInfo(), id)
    if (entry) return entry
  }
  throw new Error(`what is mounted at ${path} changes all the time, or belongs to another mount namespace`)
}
