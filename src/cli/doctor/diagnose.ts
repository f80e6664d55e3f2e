import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LinuxFileSystems } from '../../linux/filesystems/index.ts'
import { LinuxImageFiles } from '../../linux/images/image-files.ts'
import { isUnlinked, onTopOf } from '../../linux/loop/inventory.ts'
import { lockHolder } from '../../linux/files/lock-holder.ts'
import { examineMachine } from '../../linux/preflight/machine.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import type { Finding } from '../../volumes/health/finding.ts'
import { isId, isIdOfNode } from '../../volumes/model/ids.ts'
import { fileSystemFindings } from '../../volumes/inspection/file-system-findings.ts'
import { poolFindings } from '../../volumes/inspection/pool-findings.ts'
import type { PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import { leftoverFindings, recordFindings } from '../../volumes/inspection/record-findings.ts'
import {
  frozenFindings,
  orphanFinding,
  useFindings,
  type OrphanDevice,
} from '../../volumes/inspection/use-findings.ts'
import type { VolumeOnNode } from '../../volumes/inspection/volume-on-node.ts'
import { FILES_AT_ONCE, sideBySide } from '../../volumes/concurrency/side-by-side.ts'
import { askDriver, driverProcess, type DriverIdentity } from '../node/running-driver.ts'
import { certificateFindings } from './certificate-findings.ts'
import { takeSurvey, volumesOf, type PoolOptions, type Survey } from '../node/survey.ts'
import { homeOf } from '../../volumes/model/pool-config.ts'

export interface DoctorOptions extends PoolOptions {
  readonly endpoint?: string
  readonly nodeId: string
  readonly kubeletDir: string
  readonly tlsDir?: string
}

/** What there is, and what is wrong with it. */
export interface Diagnosis {
  /** The driver's process; undefined where none runs, or in another pid namespace. */
  readonly pid: number | undefined
  /** Undefined where it does not answer, or is not asked. */
  readonly driver: DriverIdentity | undefined
  readonly pools: readonly PoolOnDisk[]
  readonly findings: readonly Finding[]
}

/** Looks at the machine, the driver, the pools and the volumes, and changes none of them. */
export async function diagnose(options: DoctorOptions): Promise<Diagnosis> {
  const survey = await takeSurvey(options)
  const pid = await driverProcess(survey.pools.map(({ config }) => config))
  const { driver, findings } = await identify(options.endpoint, pid)
  const nodeId = driver?.nodeId ?? options.nodeId
  // Loop devices are the machine's: other nodes on it, as kind has them, have theirs.
  const isOurs = (id: string): boolean => isIdOfNode(id, nodeId)
  const kubeletDir = existsSync(options.kubeletDir) ? options.kubeletDir : undefined
  const registrationDir = kubeletDir === undefined ? undefined : join(kubeletDir, 'plugins_registry')
  findings.push(...(await examineMachine(registrationDir, pid, isOurs)))
  findings.push(...(await certificateFindings(options.tlsDir, new Date())))
  for (const pool of survey.pools) findings.push(...(await examinePool(pool, survey, nodeId)))
  findings.push(...orphansIn(survey, isOurs).map((orphan) => orphanFinding(orphan, survey.mounts)))
  return { pid, driver, pools: survey.pools, findings }
}

/** Of all nodes: those of a cluster that was deleted have no other that tells of them. */
function orphansIn({ devices: { entries } }: Survey, isHere: (id: string) => boolean): OrphanDevice[] {
  return entries
    .filter(({ state }) => isId(state.name) && isUnlinked(state.device.number))
    .map(({ state }) => ({
      state,
      above: onTopOf(state.device, entries).map((above) => above.state.device),
      isHere: isHere(state.name),
    }))
}

async function examinePool(pool: PoolOnDisk, survey: Survey, nodeId: string): Promise<Finding[]> {
  const holder = await lockHolder(homeOf(pool.config))
  const volumes = await volumesOf(pool, survey)
  const inspection = { files: new LinuxImageFiles(), fileSystems: new LinuxFileSystems() }
  return [
    ...(await poolFindings(pool, holder, new LinuxImageFiles())),
    ...recordFindings(pool, nodeId),
    ...(holder === undefined ? leftoverFindings(pool) : []),
    ...(holder === undefined ? frozenFindings(pool, volumes) : []),
    ...(await sideBySide(volumes, FILES_AT_ONCE, useFindings)).flat(),
    ...(await inTurn(volumes, (volume) => fileSystemFindings(volume, inspection))),
  ]
}

/** One after the other, because each opens an image. */
async function inTurn(
  volumes: readonly VolumeOnNode[],
  look: (volume: VolumeOnNode) => Promise<Finding[]>,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const volume of volumes) findings.push(...(await look(volume)))
  return findings
}

/** A process that has the pools and does not answer is a driver that hangs. */
async function identify(
  endpoint: string | undefined,
  pid: number | undefined,
): Promise<{ driver: DriverIdentity | undefined; findings: Finding[] }> {
  if (endpoint === undefined) return { driver: undefined, findings: [] }
  try {
    return { driver: await askDriver(endpoint), findings: [] }
  } catch (error) {
    if (pid === undefined) return { driver: undefined, findings: [] }
    const finding: Finding = {
      severity: 'error',
      reason: 'DriverNotAnswering',
      message: `the driver (process ${pid}) runs, but ${messageOf(error)}`,
      cure: `look at its log (kubectl logs), then kill ${pid}, so that it is started anew`,
    }
    return { driver: undefined, findings: [finding] }
  }
}
