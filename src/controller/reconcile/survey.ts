import type { Logger } from 'pino'
import type { VolumeHealth } from '../../csi/generated/csi/v1/VolumeHealth.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import type { NodeDirectory } from '../directory.ts'
import { isAway, type Caller, type RemoteNode } from '../remote-node.ts'

/** So long one node may take to tell what it has. */
const PATIENCE_MS = 30_000

/**
 * So much one node may tell, in characters: more than 20,000 volumes with two problems each. Whoever has a
 * node's certificate, or a driver that repeats itself, must not fill the memory of this process, which is
 * that of all nodes.
 */
const MOST_CHARACTERS = 32 << 20

/** What the objects of an entry take besides its texts. */
const ENTRY_CHARACTERS = 100

/** What is on one node. */
export interface NodeSurvey {
  readonly node: RemoteNode
  /** All of its volumes, with what is wrong with each. */
  readonly volumes: readonly VolumeHealth[]
}

/**
 * Asks all nodes for all of their volumes. Those that do not answer are left out: nothing is known of them.
 */
export async function survey(nodes: NodeDirectory, log: Logger, signal: AbortSignal): Promise<NodeSurvey[]> {
  const ask = async (node: RemoteNode): Promise<NodeSurvey | undefined> => {
    try {
      return { node, volumes: await volumesOf(node, { signal, deadline: Date.now() + PATIENCE_MS }) }
    } catch (error) {
      signal.throwIfAborted()
      log[isAway(error) ? 'debug' : 'warn'](
        { node: node.name, error: messageOf(error) },
        'a node does not tell its volumes',
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
    if (characters > MOST_CHARACTERS)
      throw new Error(`it tells more than ${MOST_CHARACTERS} characters of its volumes; see to its driver`)
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
