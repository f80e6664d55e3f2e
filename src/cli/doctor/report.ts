import { styleText } from 'node:util'
import type { Finding } from '../../volumes/issues/catalogue.ts'
import type { PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import { countOf } from '../terminal/text.ts'
import type { Diagnosis } from './diagnose.ts'

/** The report as text. */
export function reportLines({ driver, findings, pid, pools }: Diagnosis): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return [
    `driver: ${describeDriver(driver, pid)}`,
    ...pools.map(describePool),
    ...findings.flatMap((finding) => ['', ...findingLines(finding)]),
    '',
    findings.length === 0
      ? styleText('green', 'No problems found.')
      : `${countOf(errors, 'error')}, ${countOf(findings.length - errors, 'warning')}`,
  ]
}

/** The report as JSON. */
export function toJson({ driver, findings, pid, pools }: Diagnosis): object {
  return {
    driver: { running: driver !== undefined || pid !== undefined, pid: pid ?? null, ...driver },
    pools: pools.map(({ config, snapshots, state, volumes }) => ({
      name: config.name,
      path: config.path,
      state,
      volumes: volumes.records.length,
      snapshots: snapshots.records.length,
    })),
    findings: findings.map(({ remedy, ...finding }) => ({ ...finding, cure: remedy })),
  }
}

function describeDriver(driver: Diagnosis['driver'], pid: number | undefined): string {
  const process = pid === undefined ? '' : ` (process ${pid})`
  if (driver) return `${driver.name} ${driver.version} runs as node "${driver.nodeId}"${process}`
  return pid === undefined ? 'none runs, as far as can be seen from here' : `one runs${process}`
}

function describePool({ config, snapshots, state, volumes }: PoolOnDisk): string {
  const content =
    state === 'ready'
      ? `, ${countOf(volumes.records.length, 'volume')}, ${countOf(snapshots.records.length, 'snapshot')}`
      : ''
  return `pool ${config.name}: ${state}${content}, ${config.image?.file ?? config.path}`
}

function findingLines({ severity, reason, message, remedy }: Finding): string[] {
  const head = styleText(severity === 'error' ? ['bold', 'red'] : ['bold', 'yellow'], severity)
  return [`${head} ${reason}: ${message}`, `  ${styleText('bold', 'cure:')} ${remedy}`]
}
