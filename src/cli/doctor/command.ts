import type { Command } from 'commander'
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
import type { DoctorOptions } from './diagnose.ts'

/** `csi-driver-loop doctor`: what is wrong on this node, and what to do about it. */
export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('Look for what is wrong on this node, and say what to do about it (needs root)')
    .addOption(dataDirOption())
    .addOption(configOption())
    .addOption(driverEndpointOption())
    .addOption(nodeIdOption())
    .addOption(kubeletDirOption())
    .addOption(tlsDirOption())
    .addOption(jsonOption())
    .action(doctor)
  explain(command, {
    notes: [
      'It looks at the machine, the driver, its certificates, the pools and the volumes, and tells of each finding the cause and the cure. It takes no lock and changes nothing, so it can be run beside a driver at any time.',
      'What the kernel does not tell is not found: a file system that somebody else than a driver has frozen.',
      'Exit code: 0 when there is no error (there may be warnings), 1 otherwise.',
    ],
    examples: [
      'csi-driver-loop doctor',
      'csi-driver-loop doctor --config /etc/csi-driver-loop/config.yaml --json',
    ],
  })
}

async function doctor({ json, ...options }: DoctorOptions & { readonly json?: boolean }): Promise<void> {
  const { diagnose } = await import('./diagnose.ts')
  const { reportLines, toJson } = await import('./report.ts')
  const diagnosis = await diagnose(options)
  console.log(json ? JSON.stringify(toJson(diagnosis), undefined, 2) : reportLines(diagnosis).join('\n'))
  if (diagnosis.findings.some(({ severity }) => severity === 'error')) process.exitCode = 1
}
