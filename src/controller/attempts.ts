import { isAnswer } from '../csi/errors.ts'

/** How many names are kept, the latest: about 3 MiB. */
const MOST_NAMES = 10_000

/**
 * The nodes that may have a volume of a name, because the router has called CreateVolume on them. A call
 * without an answer may have created the volume, so another node may create it only when these answer that
 * they do not have it. In memory only: see docs/decisions/0020-routing.md.
 */
export class Attempts {
  readonly #nodes = new Map<string, ReadonlySet<string>>()

  /** Creates the volume on a node, which is remembered unless it refuses. */
  async on<T>(nodeName: string, name: string, create: () => Promise<T>): Promise<T> {
    this.#remember(name, new Set([...this.nodesOf(name), nodeName]))
    try {
      return await create()
    } catch (error) {
      if (isRefusal(error)) this.#forget(name, nodeName)
      throw error
    }
  }

  nodesOf(name: string): ReadonlySet<string> {
    return this.#nodes.get(name) ?? new Set()
  }

  #remember(name: string, nodeNames: ReadonlySet<string>): void {
    this.#nodes.delete(name)
    this.#nodes.set(name, nodeNames)
    const [oldest] = this.#nodes.keys()
    if (this.#nodes.size > MOST_NAMES && oldest !== undefined) this.#nodes.delete(oldest)
  }

  #forget(name: string, nodeName: string): void {
    const others = [...this.nodesOf(name)].filter((one) => one !== nodeName)
    if (others.length > 0) this.#nodes.set(name, new Set(others))
    else this.#nodes.delete(name)
  }
}

/** csi-provisioner assumes after these codes that the volume may exist, or may still be created. */
function isRefusal(error: unknown): boolean {
  return isAnswer(error) && !isAnswer(error, 'UNAVAILABLE', 'ABORTED', 'DEADLINE_EXCEEDED', 'CANCELLED')
}
