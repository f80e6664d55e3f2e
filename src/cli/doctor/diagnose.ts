import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expiryReason, readValidities, type Validity } from '../../csi/certificates.ts'
import { FILES_AT_ONCE, sideBySide } from '../../volumes/concurrency/side-by-side.ts'
import { leftoverFindings, poolFindings, recordFindings } from '../../volumes/inspection/pool-findings.ts'
import type { PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import {
  fileSystemFindings,
  frozenFindings,
  orphanedDeviceFinding,
  useFindings,
} from '../../volumes/inspection/use-findings.ts'
import { findingOf, type Finding } from '../../volumes/issues/catalogue.ts'
import { isId, isIdOfNode } from '../../volumes/model/ids.ts'
import { homeOf } from '../../volumes/model/pool-config.ts'
import type { PoolOptions } from '../node/commands.ts'
import { inspectNode, inspectVolumes, type InspectedNode } from '../node/inspect.ts'
import type { OperatorMachine } from '../node/machine.ts'
import { driverProcess, identifyDriver, type DriverIdentity } from '../node/running-driver.ts'

export interface DoctorOptions extends PoolOptions {
  readonly endpoint?: string
  readonly nodeId: string
  readonly kubeletDir: string
  readonly tlsDir?: string
}

export interface Diagnosis {
  /** The driver's process; undefined where none runs, or in another PID namespace. */
  readonly pid: number | undefined
  /** Undefined where no driver answers, or no endpoint is given. */
  readonly driver: DriverIdentity | undefined
  readonly pools: readonly PoolOnDisk[]
  readonly findings: readonly Finding[]
}

/** Examines the machine, the driver, its certificates, the pools and the volumes, and changes nothing. */
export async function diagnose(machine: OperatorMachine, options: DoctorOptions): Promise<Diagnosis> {
  const node = await inspectNode(machine, options)
  const pid = await driverProcess(node, machine)
  const { driver, findings } = await identify(options.endpoint, pid)
  const nodeId = driver?.nodeId ?? options.nodeId
  // All nodes of a machine, as kind has them, share its loop devices.
  const isOurs = (id: string): boolean => isIdOfNode(id, nodeId)
  const kubeletDir = existsSync(options.kubeletDir) ? options.kubeletDir : undefined
  const registrationDir = kubeletDir === undefined ? undefined : join(kubeletDir, 'plugins_registry')
  findings.push(...(await machine.examine(registrationDir, pid, isOurs)))
  findings.push(...(await certificateFindings(options.tlsDir, new Date())))
  for (const pool of node.pools) findings.push(...(await examinePool(pool, node, machine, nodeId)))
  // Of all nodes: devices of a deleted cluster have no other node that reports them.
  for (const device of node.devices.unlinked(isId)) {
    findings.push(orphanedDeviceFinding({ ...device, isHere: isOurs(device.state.name) }, node.mounts))
  }
  return { pid, driver, pools: node.pools, findings }
}

async function examinePool(
  pool: PoolOnDisk,
  node: InspectedNode,
  machine: OperatorMachine,
  nodeId: string,
): Promise<Finding[]> {
  const { files, fileSystems } = machine
  const holder = await machine.lockHolder(homeOf(pool.config))
  const volumes = await inspectVolumes(pool, node)
  const findings = [
    ...(await poolFindings(pool, holder, files)),
    ...recordFindings(pool, nodeId),
    ...(holder === undefined ? leftoverFindings(pool) : []),
    ...(holder === undefined ? frozenFindings(pool, volumes) : []),
    ...(await sideBySide(volumes, FILES_AT_ONCE, useFindings)).flat(),
  ]
  // One after another, because each opens an image.
  for (const volume of volumes) findings.push(...(await fileSystemFindings(volume, { files, fileSystems })))
  return findings
}

/** A process that holds the pools and does not answer is a driver that hangs. */
async function identify(
  endpoint: string | undefined,
  pid: number | undefined,
): Promise<{ driver: DriverIdentity | undefined; findings: Finding[] }> {
  if (endpoint === undefined) return { driver: undefined, findings: [] }
  try {
    return { driver: await identifyDriver(endpoint), findings: [] }
  } catch (error) {
    if (pid === undefined) return { driver: undefined, findings: [] }
    return { driver: undefined, findings: [findingOf('DriverNotAnswering', { pid, error })] }
  }
}

/**
 * Findings about the certificates between controller and nodes.
 * @param directory undefined where there are none
 */
async function certificateFindings(directory: string | undefined, now: Date): Promise<Finding[]> {
  if (directory === undefined) return []
  try {
    const validities = Object.values(await readValidities(directory)) as Validity[]
    return validities.flatMap((validity) => expiryFinding(validity, now))
  } catch (error) {
    return [findingOf('CertificateUnusable', { error, directory })]
  }
}

function expiryFinding(validity: Validity, now: Date): Finding[] {
  const reason = expiryReason(validity, now)
  return reason === undefined ? [] : [findingOf(reason, validity)]
}
