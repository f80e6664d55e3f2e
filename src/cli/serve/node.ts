import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Option } from 'commander'
import { configuredPools } from '../node/config.ts'
import { exitSoon, nextSignal } from '../terminal/signals.ts'
import type { LogConfig, TracingOptions } from './telemetry.ts'
import {
  address,
  configOption,
  dataDirOption,
  driverNameOption,
  endpointOption,
  httpOption,
  interval,
  kubeletEndpointOption,
  logFormatOption,
  logLevelOption,
  nodeIdOption,
  positive,
  tlsDirOption,
  tracingOption,
  type Address,
} from '../terminal/options.ts'
import { parseDuration } from '../terminal/text.ts'

/**
 * When the process ends after a signal, whatever hangs. The steps of an orderly stop are bounded, and take
 * less. The kubelet kills a container after 30 s.
 */
const STOP_MS = 28_000

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
    .option('--max-volumes <n>', 'how many volumes this node can use at once', positive, 2048)
    .addOption(configOption())
    .addOption(
      new Option(
        '--trim-interval <duration>',
        'how often volumes with `discard: periodic` are trimmed; 0 = never',
      )
        .argParser(interval)
        .default(parseDuration('1h'), '1h'),
    )
    .option('--registration-dir <dir>', "the kubelet's plugins_registry, where a socket registers the driver")
    .addOption(kubeletEndpointOption())
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
    throw new Error('--listen and --tls-dir must be given together')
  const remote = listen && tlsDir !== undefined ? { listen, tlsDir } : undefined
  const { startDriver } = await import('./driver.ts')
  const { exitNow } = await import('../../linux/system-calls.ts')
  const dataDir = resolve(options.dataDir)
  const pools = await configuredPools(options.config, dataDir)
  // Before the start, so that a signal during the start stops the driver in order.
  const signal = nextSignal('SIGTERM', 'SIGINT')
  const stopping = new AbortController()
  void signal.then((name) => {
    setTimeout(exitNow, STOP_MS, 1).unref()
    stopping.abort(new Error(`got ${name}`))
  })
  const config = { ...options, dataDir, pools, trimIntervalMs: options.trimInterval, remote }
  const driver = await startDriver(config, stopping.signal).catch((error: unknown) => {
    if (error !== stopping.signal.reason) throw error
  })
  await driver?.stop(`got ${await signal}`)
  exitSoon(exitNow)
}
