import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import type { ServiceName } from '../../controller/kubernetes/endpoint-slices.ts'
import type { NodeAddress } from '../../controller/directory.ts'
import { exitSoon, nextSignal } from '../terminal/signals.ts'
import type { LogConfig, TracingOptions } from './telemetry.ts'
import {
  address,
  driverNameOption,
  endpointOption,
  formatAddress,
  httpOption,
  interval,
  logFormatOption,
  logLevelOption,
  tlsDirOption,
  tracingOption,
  type Address,
} from '../terminal/options.ts'
import { parseDuration } from '../terminal/text.ts'

const MIN_GRACE_MS = 10_000

interface ControllerOptions extends LogConfig, TracingOptions {
  readonly endpoint: string
  readonly driverName: string
  readonly nodes?: readonly NodeAddress[]
  readonly service?: ServiceName
  readonly tlsDir: string
  readonly http?: Address
  readonly reconcileInterval: number
  readonly deleteOrphans: boolean
  readonly releaseLostNodes: boolean
  readonly orphanGrace: number
  readonly podUid: string
}

/** `csi-driver-loop controller`: the controller services of all nodes on one unix socket. */
export function addControllerCommand(program: Command): void {
  program
    .command('controller')
    .description(
      'Serve the controller services of all nodes on a unix socket, by forwarding calls to the nodes',
    )
    .addOption(endpointOption())
    .addOption(driverNameOption())
    .addOption(new Option('--nodes <name=host:port,...>', 'addresses of the nodes').argParser(namedAddresses))
    .addOption(
      new Option('--service <namespace/name>', "headless Service of the nodes' pods, with a port named grpc")
        .argParser(serviceName)
        .conflicts('nodes'),
    )
    .addOption(tlsDirOption().makeOptionMandatory())
    .addOption(
      new Option(
        '--reconcile-interval <duration>',
        'how often nodes and PersistentVolumes are compared, with --service; 0 = never',
      )
        .argParser(interval)
        .default(parseDuration('1m'), '1m'),
    )
    .option(
      '--delete-orphans',
      'delete volumes that have no PersistentVolume for longer than the grace',
      false,
    )
    .option(
      '--release-lost-nodes',
      'delete claims whose node does not exist for longer than the grace',
      false,
    )
    .addOption(
      new Option('--orphan-grace <duration>', 'grace of --delete-orphans and --release-lost-nodes')
        .argParser(grace)
        .default(parseDuration('24h'), '24h'),
    )
    .addOption(
      new Option('--pod-uid <uid>', 'uid of this pod, for events about its certificates, with --service')
        .env('POD_UID')
        .default('', 'unknown'),
    )
    .addOption(httpOption('/healthz, /readyz and /metrics'))
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .addOption(tracingOption())
    .action(serve)
}

async function serve({ nodes, podUid, service, ...options }: ControllerOptions): Promise<void> {
  const { deleteOrphans, orphanGrace: graceMs, reconcileInterval, releaseLostNodes } = options
  if (!service && (deleteOrphans || releaseLostNodes))
    throw new Error('--delete-orphans and --release-lost-nodes need --service: they compare with Kubernetes')
  const reconciling = {
    deleteOrphans,
    graceMs,
    podUid,
    reconcileIntervalMs: reconcileInterval,
    releaseLostNodes,
  }
  const source = nodes ?? (service && { service, ...reconciling })
  if (!source) throw new Error('give --service <namespace/name>, or --nodes <name=host:port,...>')
  const { startRouter } = await import('./router.ts')
  // Before the start, so that a signal during the start stops the router in order.
  const signal = nextSignal('SIGTERM', 'SIGINT')
  const router = await startRouter({ http: undefined, ...options, nodes: source })
  await router.stop(`got ${await signal}`)
  // grpc-js keeps a handshake that has begun with a node that does not answer.
  exitSoon((code) => process.exit(code))
}

function namedAddresses(text: string): NodeAddress[] {
  return text.split(',').map((entry) => {
    const [, name, place] = /^([^=]+)=(.+)$/.exec(entry) ?? []
    if (name === undefined || place === undefined)
      throw new InvalidArgumentError(`"${entry}" is not of the form name=host:port.`)
    return { name, address: formatAddress(address(place)) }
  })
}

function serviceName(text: string): ServiceName {
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(text) ?? []
  if (namespace !== undefined && name !== undefined) return { namespace, name }
  throw new InvalidArgumentError('It must be namespace/name.')
}

/**
 * @returns milliseconds
 * @throws InvalidArgumentError when it is so short that a volume could be deleted whose PersistentVolume is
 * being created
 */
function grace(text: string): number {
  const milliseconds = interval(text)
  if (milliseconds >= MIN_GRACE_MS) return milliseconds
  throw new InvalidArgumentError(
    'It must be at least 10s: what was just made has no PersistentVolume for a moment.',
  )
}
