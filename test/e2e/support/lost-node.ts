import { eventually } from '../../support/eventually.ts'
import { onNode } from './cluster.ts'
import { run } from './command.ts'
import { nodePod, ready } from './driver.ts'
import { get, kubectl } from './kubectl.ts'

/**
 * Does something while a node is off, in which its Node object is deleted. Then it is there again, with the
 * driver, as a new one.
 */
export async function withoutNode(node: string, work: () => Promise<void>): Promise<void> {
  await run('docker', ['stop', node])
  try {
    await work()
  } finally {
    await run('docker', ['start', node])
    // A new node has another range for its pods. With the configuration of the old one they get addresses
    // that others have no way to.
    await onNode(node, 'find', '/etc/cni/net.d', '-type', 'f', '-delete')
    await eventually('the node is back', () => get('node', node))
    await kubectl(['wait', '--for=condition=Ready', `node/${node}`, '--timeout=120s'])
    await eventually('the driver is there', () => nodePod(node))
    await ready()
  }
}
