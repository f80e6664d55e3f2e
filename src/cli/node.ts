import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { defaultPools, readPools } from './config.ts'
import { parseDuration } from './text.ts'

interface NodeOptions {
  readonly endpoint: string
  readonly nodeId: string
  readonly dataDir: string
  readonly driverName: string
  readonly maxVolumes: number
  readonly config?: string
  readonly trimInterval: number
  readonly logLevel: string
}

/** `csi-driver-loop node`: a complete CSI driver for this machine on one unix socket. */
export function addNodeCommand(program: Command): void {
  program
    .command('node')
    .description('Serve all CSI services for the volumes of this machine on a unix socket (needs root)')
    .addOption(
      new Option('--endpoint <url>', 'socket to serve on, unix:///path/csi.sock')
        .env('CSI_ENDPOINT')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--node-id <id>', 'name of this node')
        .env('NODE_NAME')
        .argParser(nodeId)
        .default(hostname(), 'host name'),
    )
    .option('--data-dir <dir>', 'where the pools are', '/var/lib/csi-driver-loop')
    .option('--driver-name <name>', 'CSI name of the driver', driverName, 'loop.csi.local')
    .option('--max-volumes <n>', 'volumes that may be used on this node at once', positive, 2048)
    .option('--config <file>', 'YAML file with several pools and their limits')
    .addOption(
      new Option(
        '--trim-interval <duration>',
        'how often volumes with `discard: periodic` are trimmed; 0 = never',
      )
        .argParser(interval)
        .default(parseDuration('1h'), '1h'),
    )
    .addOption(
      new Option('--log-level <level>', 'least important messages to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action(serve)
}

async function serve(options: NodeOptions): Promise<void> {
  const { startDriver } = await import('./driver.ts')
  const dataDir = resolve(options.dataDir)
  const pools =
    options.config === undefined ? defaultPools(dataDir) : await readPools(options.config, dataDir)
  const driver = await startDriver({ ...options, dataDir, pools, trimIntervalMs: options.trimInterval })
  const signal = await nextSignal('SIGTERM', 'SIGINT')
  await driver.stop(`got ${signal}`)
}

function nextSignal(...signals: NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((received) => {
    for (const signal of signals) process.once(signal, received)
  })
}

function positive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 on.')
}

/** Node's timers count up to 24 days. */
const LONGEST_INTERVAL_MS = 20 * 24 * 3_600_000

function interval(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined && milliseconds <= LONGEST_INTERVAL_MS) return milliseconds
  throw new InvalidArgumentError('It must be 0 or a duration such as 30s, 15m or 1h, at most 480h.')
}

/** As long as Kubernetes' CSINode allows. */
function nodeId(text: string): string {
  if (text !== '' && Buffer.byteLength(text) <= 192) return text
  throw new InvalidArgumentError('It must have 1 to 192 bytes.')
}

/** CSI's plugin name; shorter than CSI allows, because it is also in the topology key `topology.<name>/node`. */
function driverName(name: string): string {
  if (name.length <= 54 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) return name
  throw new InvalidArgumentError(
    'It must be a domain name of at most 54 small letters, digits, dots and dashes.',
  )
}
