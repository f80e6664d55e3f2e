import { onNode } from './cluster.ts'
import { DATA_DIR, DRIVER } from './driver.ts'
import { volumeDevices } from './machine.ts'

const KUBELET = '/var/lib/kubelet'

/** What the driver and the kubelet make on a node for a volume or a snapshot. */
const DIRECTORIES = [
  `${DATA_DIR}/pools/*/volumes`,
  `${DATA_DIR}/pools/*/snapshots`,
  `${KUBELET}/plugins/kubernetes.io/csi/${DRIVER}`,
  `${KUBELET}/plugins/kubernetes.io/csi/volumeDevices`,
  `${KUBELET}/pods/*/volumes/kubernetes.io~csi`,
  `${KUBELET}/pods/*/volumeDevices/kubernetes.io~csi`,
]

/**
 * What there is of volumes and snapshots on the nodes: loop devices, mounts and directories. A line for each,
 * with its node.
 */
export async function remainsOn(nodes: readonly string[]): Promise<string[]> {
  const devices = [...(await volumeDevices(nodes))].map(([device, file]) => `device ${device} of ${file}`)
  const ofNodes = await Promise.all(
    nodes.map(async (node) => {
      const entries = `find ${DIRECTORIES.join(' ')} -mindepth 1 -maxdepth 1 2>/dev/null || true`
      const found = await onNode(node, 'sh', '-c', `${entries}; cat /proc/1/mountinfo`)
      return remainsIn(found).map((line) => `${node}: ${line}`)
    }),
  )
  return [...devices, ...ofNodes.flat()].sort()
}

/**
 * @param text paths of directories, and lines of mountinfo
 * @returns the directories, and the mounts of volumes
 */
export function remainsIn(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('/')) return [`directory ${line}`]
    const target = line.split(' ')[4] ?? ''
    return target.includes('kubernetes.io~csi') || target.includes(`kubernetes.io/csi/${DRIVER}/`)
      ? [`mount ${target}`]
      : []
  })
}
