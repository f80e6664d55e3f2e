import { styleText } from 'node:util'
import type { Command } from 'commander'
import type { Finding } from '../../volumes/issues/catalogue.ts'
import type { PoolOnDisk } from '../../volumes/inspection/pool-on-disk.ts'
import type { OpenMachine } from '../node/machine.ts'
import { explain } from '../terminal/help.ts'
import {
  configOption,
  dataDirOption,
  driverEndpointOption,
  jsonOption,
  kubeletDirOption,
  nodeIdOption,
  tlsDirOption,
} from '../terminal/options.ts'
import { countOf } from '../terminal/text.ts'
import type { Diagnosis, DoctorOptions } from './diagnose.ts'

/** `csi-driver-loop doctor`: the problems of this node, and what to do about them. */
export function addDoctorCommand(program: Command, machine: OpenMachine): void {
  const command = program
    .command('doctor')
    .description('Find the problems of this node, with their remedies (needs root)')
    .addOption(dataDirOption())
    .addOption(configOption())
    .addOption(driverEndpointOption())
    .addOption(nodeIdOption())
    .addOption(kubeletDirOption())
    .addOption(tlsDirOption())
    .addOption(jsonOption())
    .action(async ({ json, ...options }: DoctorOptions & { readonly json?: boolean }) => {
      const { diagnose } = await import('./diagnose.ts')
      const diagnosis = await diagnose(await machine(), options)
      console.log(json ? JSON.stringify(toJson(diagnosis), undefined, 2) : reportLines(diagnosis).join('\n'))
      if (diagnosis.findings.some(({ severity }) => severity === 'error')) process.exitCode = 1
    })
  explain(command, {
    notes: [
      'Examines the machine, the driver, its certificates, the pools and the volumes, and prints the cause and the remedy of each problem. It takes no lock and changes nothing, so it can run beside a driver at any time.',
      'It does not find a file system that another program has frozen: the kernel does not report that.',
      'Exit code: 0 when there is no error (there may be warnings), 1 otherwise.',
    ],
    examples: [
      'csi-driver-loop doctor',
      'csi-driver-loop doctor --config /etc/csi-driver-loop/config.yaml --json',
    ],
  })
}

/** The report as text. */
function reportLines({ driver, findings, pid, pools }: Diagnosis): string[] {
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
function toJson({ driver, findings, pid, pools }: Diagnosis): object {
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
  return pid === undefined ? 'no driver process visible in this PID namespace' : `one runs${process}`
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
