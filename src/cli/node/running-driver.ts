import type { CsiClient } from '../../csi/client.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import { homeOf } from '../../volumes/model/pool-config.ts'
import type { InspectedNode } from './inspect.ts'
import type { OperatorMachine } from './machine.ts'

/** Deadline for a driver to identify itself. */
const ANSWER_MS = 5000

/** How a driver identifies itself. */
export interface DriverIdentity {
  readonly name: string
  readonly version: string
  readonly nodeId: string
  /** Where its volumes are accessible from. */
  readonly topology: Readonly<Record<string, string>>
}

/** The process that has one of the pools locked, if it is visible in this PID namespace. */
export async function driverProcess(
  { pools }: Pick<InspectedNode, 'pools'>,
  machine: Pick<OperatorMachine, 'lockHolder'>,
): Promise<number | undefined> {
  const holders = await Promise.all(pools.map(({ config }) => machine.lockHolder(homeOf(config))))
  return holders.find((pid) => pid !== undefined)
}

/** Loads gRPC only for commands that call the driver. @param endpoint as `parseEndpoint` returns it */
export async function connectToDriver(endpoint: string): Promise<CsiClient> {
  const { connect } = await import('../../csi/client.ts')
  return connect(endpoint)
}

/** @throws Error when no driver answers at the socket */
export async function identifyDriver(endpoint: string): Promise<DriverIdentity> {
  using client = await connectToDriver(endpoint)
  const options = { deadline: Date.now() + ANSWER_MS }
  try {
    const { name, vendorVersion } = await client.identity.getPluginInfo({}, options)
    const { nodeId, accessibleTopology } = await client.node.nodeGetInfo({}, options)
    return { name, version: vendorVersion, nodeId, topology: accessibleTopology?.segments ?? {} }
  } catch (error) {
    throw new Error(`no driver answers at ${endpoint} (${messageOf(error)})`, { cause: error })
  }
}
