import type { NodeAddress } from './directory.ts'

/** The name of the Service's port on which nodes serve the controller role. */
export const PORT_NAME = 'grpc'

/** What is read of an EndpointSlice (discovery.k8s.io/v1). The API server sends an empty list as null. */
export interface Slice {
  readonly endpoints?: readonly Endpoint[] | null
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null
}

interface Endpoint {
  readonly addresses: readonly string[]
  readonly nodeName?: string
  readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean }
}

/**
 * Where the nodes are, by the slices of their headless Service. While a node's driver is replaced there can
 * be two: the one that is ready counts. One that is not ready may serve all the same, and one that does not
 * is found to be away.
 */
export function addressesIn(slices: readonly Slice[]): NodeAddress[] {
  const found = slices.flatMap(({ endpoints, ports }) => {
    const port = ports?.find(({ name }) => name === PORT_NAME)?.port
    return port === undefined ? [] : (endpoints ?? []).flatMap((endpoint) => placeOf(endpoint, port))
  })
  found.sort((a, b) => b.rank - a.rank)
  const best = new Map(found.reverse().map(({ name, address }) => [name, { name, address }]))
  return [...best.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function placeOf(
  { addresses, nodeName, conditions }: Endpoint,
  port: number,
): (NodeAddress & { rank: number })[] {
  const [host] = addresses
  if (host === undefined || nodeName === undefined) return []
  const rank = (conditions?.terminating === true ? 0 : 2) + (conditions?.ready === false ? 0 : 1)
  return [{ name: nodeName, address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, rank }]
}
