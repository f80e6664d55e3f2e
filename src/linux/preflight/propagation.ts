import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findingOf, type Finding } from '../../volumes/issues/catalogue.ts'
import { parseMountInfo, type MountInfo } from '../mountinfo/mountinfo.ts'

/** Where the kubelet lets volumes be mounted. */
const FOLDERS = ['plugins', 'pods']

/**
 * Volumes that are mounted in a container are seen by the kubelet and by pods only where the mount that they
 * are under is shared with the node.
 * @param kubeletDir the kubelet's directory as this process sees it
 * @param mountInfo the text of /proc/self/mountinfo
 */
export function checkPropagation(
  kubeletDir: string,
  mountInfo = readFileSync('/proc/self/mountinfo', 'latin1'),
): Finding[] {
  const mounts = parseMountInfo(mountInfo)
  return FOLDERS.map((name) => join(kubeletDir, name)).flatMap((path) => {
    const mount = mountOf(path, mounts)
    if (!mount || mount.shared) return []
    return findingOf('MountsNotPropagated', { path, mountPoint: mount.target })
  })
}

/** The mount that a path is in; of several at one place the topmost, which comes last. */
function mountOf(path: string, mounts: readonly MountInfo[]): MountInfo | undefined {
  return mounts
    .filter(({ target }) => target === '/' || path === target || path.startsWith(`${target}/`))
    .reduce<MountInfo | undefined>(
      (best, mount) => (best && best.target.length > mount.target.length ? best : mount),
      undefined,
    )
}
