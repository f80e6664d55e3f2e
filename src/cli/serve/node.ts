import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Option } from 'commander'
import { configuredPools } from '../node/config.ts'
import type { LogConfig } from './log.ts'
import { leaveSoon } from '../terminal/leave-soon.ts'
import { nextSignal } from '../terminal/signals.ts'
import type { TracingOptions } from './tracing.ts'
import {
  address,
  configOption,
  dataDirOption,
  driverNameOption,
  endpointOption,
  httpOption,
  interval,
  logFormatOption,
  logLevelOption,
  nodeIdOption,
  positive,
  tlsDirOption,
  tracingOption,
  type Address,
} from '../terminal/options.ts'
import { parseDuration } from '../terminal/text.ts'

interface NodeOptions extends LogConfig, TracingOptions {
  readonly endpoint: string
  readonly nodeId: string
  readonly dataDir: string
  readonly driverName: string
  readonly maxVolumes: number
  readonly config?: string
  readonly trimInterval: number
  readonly registrationDir?: string
  readonly kubeletEndpoint?: string
  readonly http?: Address
  readonly listen?: Address
  readonly tlsDir?: string
}

/** `csi-driver-loop node`: a complete CSI driver for this machine on one unix socket. */
export function addNodeCommand(program: Command): void {
  program
    .command('node')
    .description('Serve all CSI services for the volumes of this machine on a unix socket (needs root)')
    .addOption(endpointOption())
    .addOption(nodeIdOption())
    .addOption(dataDirOption())
    .addOption(driverNameOption())
    .option('--max-volumes <n>', 'volumes that may be used on this node at once', positive, 2048)
    .addOption(configOption())
    .addOption(
      new Option(
        '--trim-interval <duration>',
        'how often volumes with `discard: periodic` are trimmed; 0 = never',
      )
        .argParser(interval)
        .default(parseDuration('1h'), '1h'),
    )
    .option(
      '--registration-dir <dir>',
      "register with the kubelet by a socket in this directory, the kubelet's plugins_registry",
    )
    .option(
      '--kubelet-endpoint <path>',
      'path of the socket of --endpoint as the kubelet sees it (default: the same)',
    )
    .addOption(httpOption('/healthz, /readyz and /metrics'))
    .addOption(
      new Option(
        '--listen <[host]:port>',
        'also serve the controller role, over mutual TLS with the files of --tls-dir',
      ).argParser(address),
    )
    .addOption(tlsDirOption())
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .addOption(tracingOption())
    .action(serve)
}

async function serve({ listen, tlsDir, ...options }: NodeOptions): Promise<void> {
  if ((listen === undefined) !== (tlsDir === undefined))
    throw new Error('--listen and --tls-dir belong together: give both, or none')
  const remote = listen && tlsDir !== undefined ? { listen, tlsDir } : undefined
  const { startDriver } = await import('./driver.ts')
  const dataDir = resolve(options.dataDir)
  const pools = await configuredPools(options.config, dataDir)
  // From here on, so that one that comes while it starts ends it in order, too.
  const told = nextSignal('SIGTERM', 'SIGINT')
  const driver = await startDriver({
    ...options,
    dataDir,
    pools,
    trimIntervalMs: options.trimInterval,
    remote,
  })
  await driver.stop(`got ${await told}`)
  leaveSoon()
}
