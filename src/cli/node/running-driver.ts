import { connect } from '../../csi/client.ts'
import { lockHolder } from '../../linux/files/lock-holder.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import { type PoolConfig, homeOf } from '../../volumes/model/pool-config.ts'

/** How long a driver may take to say who it is. */
const PATIENCE_MS = 5000

/** What a driver says of itself. */
export interface DriverIdentity {
  readonly name: string
  readonly version: string
  readonly nodeId: string
  /** Where its volumes can be reached from. */
  readonly topology: Readonly<Record<string, string>>
}

/** The process that has one of the pools open, as far as this process can see. */
export async function driverProcess(pools: readonly PoolConfig[]): Promise<number | undefined> {
  const holders = await Promise.all(pools.map((pool) => lockHolder(homeOf(pool))))
  return holders.find((pid) => pid !== undefined)
}

/** @throws Error when none answers at the socket */
export async function askDriver(endpoint: string): Promise<DriverIdentity> {
  using client = connect(endpoint)
  const options = { deadline: Date.now() + PATIENCE_MS }
  try {
    const { name, vendorVersion } = await client.identity.getPluginInfo({}, options)
    const { nodeId, accessibleTopology } = await client.node.nodeGetInfo({}, options)
    return { name, version: vendorVersion, nodeId, topology: accessibleTopology?.segments ?? {} }
  } catch (error) {
    throw new Error(`no driver answers at ${endpoint} (${messageOf(error)})`, { cause: error })
  }
}
