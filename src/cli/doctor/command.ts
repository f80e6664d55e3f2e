import type { Command } from 'commander'
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
import type { DoctorOptions } from './diagnose.ts'

/** `csi-driver-loop doctor`: the problems of this node, and what to do about them. */
export function addDoctorCommand(program: Command, machine: OpenMachine): void {
  const command = program
    .command('doctor')
    .description('Find the problems of this node, and say what to do about them (needs root)')
    .addOption(dataDirOption())
    .addOption(configOption())
    .addOption(driverEndpointOption())
    .addOption(nodeIdOption())
    .addOption(kubeletDirOption())
    .addOption(tlsDirOption())
    .addOption(jsonOption())
    .action(async ({ json, ...options }: DoctorOptions & { readonly json?: boolean }) => {
      const { diagnose } = await import('./diagnose.ts')
      const { reportLines, toJson } = await import('./report.ts')
      const diagnosis = await diagnose(await machine(), options)
      console.log(json ? JSON.stringify(toJson(diagnosis), undefined, 2) : reportLines(diagnosis).join('\n'))
      if (diagnosis.findings.some(({ severity }) => severity === 'error')) process.exitCode = 1
    })
  explain(command, {
    notes: [
      'Examines the machine, the driver, its certificates, the pools and the volumes, and prints the cause and the cure of each problem. It takes no lock and changes nothing, so it can run beside a driver at any time.',
      'It does not find a file system that was frozen by another program than a driver: the kernel has no way to ask for that.',
      'Exit code: 0 when there is no error (there may be warnings), 1 otherwise.',
    ],
    examples: [
      'csi-driver-loop doctor',
      'csi-driver-loop doctor --config /etc/csi-driver-loop/config.yaml --json',
    ],
  })
}
