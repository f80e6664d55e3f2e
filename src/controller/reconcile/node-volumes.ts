import type { Logger } from 'pino'
import type { VolumeHealth } from '../../csi/generated/csi/v1/VolumeHealth.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import type { NodeDirectory } from '../directory.ts'
import { isUnreachable, type Caller, type RemoteNode } from '../remote-node.ts'

/** Time limit for listing the volumes of one node. */
const NODE_MS = 30_000

/**
 * Limit on one node's list, enough for 20,000 volumes with two issues each. Without it, a faulty node, or a
 * client with a node's certificate, could exhaust this process's memory.
 */
const MAX_CHARACTERS = 32 << 20

/** Overhead of an entry's objects, counted as characters. */
const ENTRY_CHARACTERS = 100

export interface NodeVolumes {
  readonly node: RemoteNode
  /** All volumes of the node, with their issues. */
  readonly volumes: readonly VolumeHealth[]
}

/** Lists the volumes of all nodes that answer. */
export async function volumesOnNodes(
  nodes: NodeDirectory,
  log: Logger,
  signal: AbortSignal,
): Promise<NodeVolumes[]> {
  const ask = async (node: RemoteNode): Promise<NodeVolumes | undefined> => {
    try {
      return { node, volumes: await volumesOf(node, { signal, deadline: Date.now() + NODE_MS }) }
    } catch (error) {
      signal.throwIfAborted()
      log[isUnreachable(error) ? 'debug' : 'warn'](
        { node: node.name, error: messageOf(error) },
        'cannot list the volumes of a node',
      )
      return undefined
    }
  }
  const found = await Promise.all(nodes.all().map(ask))
  return found.filter((one) => one !== undefined)
}

async function volumesOf(node: RemoteNode, caller: Caller): Promise<VolumeHealth[]> {
  const volumes: VolumeHealth[] = []
  let [startingToken, characters] = ['', 0]
  do {
    const page = await node.call(caller, ({ controller }, options) =>
      controller.controllerListVolumeHealth({ startingToken }, options),
    )
    characters += page.entries.reduce((sum, entry) => sum + charactersOf(entry), ENTRY_CHARACTERS)
    if (characters > MAX_CHARACTERS)
      throw new Error(`its list of volumes has more than ${MAX_CHARACTERS} characters; check its driver`)
    volumes.push(...page.entries)
    startingToken = page.nextToken
  } while (startingToken !== '')
  return volumes
}

function charactersOf({ volumeId, healthStatuses }: VolumeHealth): number {
  return healthStatuses.reduce(
    (sum, { message, reason }) => sum + ENTRY_CHARACTERS + reason.length + message.length,
    ENTRY_CHARACTERS + volumeId.length,
  )
}
