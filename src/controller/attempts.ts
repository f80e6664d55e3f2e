import { isAnswer } from '../csi/errors.ts'

/** Names that are remembered, the latest: some 3 MiB. */
const REMEMBERED = 10_000

/**
 * The nodes that may have a volume of a name, because the router has called CreateVolume on them. A call
 * whose answer never came may have made the volume, so another node may get it only when these say that they
 * do not have it. Kept in memory only: see docs/design.md, "The router".
 */
export class Attempts {
  readonly #nodes = new Map<string, ReadonlySet<string>>()

  /** Makes the volume on a node, which is remembered unless it refuses. */
  async on<T>(nodeName: string, name: string, make: () => Promise<T>): Promise<T> {
    this.#remember(name, new Set([...this.nodesOf(name), nodeName]))
    try {
      return await make()
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
    if (this.#nodes.size > REMEMBERED && oldest !== undefined) this.#nodes.delete(oldest)
  }

  #forget(name: string, nodeName: string): void {
    const others = [...this.nodesOf(name)].filter((one) => one !== nodeName)
    if (others.length > 0) this.#nodes.set(name, new Set(others))
    else this.#nodes.delete(name)
  }
}

/**
 * The codes after which csi-provisioner takes it that the volume may exist or come into being; any other one
 * is final.
 */
function isRefusal(error: unknown): boolean {
  return isAnswer(error) && !isAnswer(error, 'UNAVAILABLE', 'ABORTED', 'DEADLINE_EXCEEDED', 'CANCELLED')
}
