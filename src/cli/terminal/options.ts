import { hostname } from 'node:os'
import { InvalidArgumentError, Option } from 'commander'
import { socketPath } from '../../csi/endpoint.ts'
import { parseDuration } from './text.ts'

/** A TCP address to listen on, or to connect to. */
export interface Address {
  /** A host name or an IP address; empty: all addresses of this machine. */
  readonly host: string
  readonly port: number
}

/** The socket of a role. */
export function endpointOption(): Option {
  return new Option('--endpoint <url>', 'socket to serve on, unix:///path/csi.sock')
    .env('CSI_ENDPOINT')
    .argParser(parseEndpoint)
    .makeOptionMandatory()
}

/** The socket of the node role, as the kubelet sees it. */
export function kubeletEndpointOption(): Option {
  return new Option(
    '--kubelet-endpoint <path>',
    "path of --endpoint in the kubelet's mount namespace (default: the same)",
  ).argParser(parseEndpoint)
}

export function nodeIdOption(): Option {
  return new Option('--node-id <id>', 'name of this node')
    .env('NODE_NAME')
    .argParser(nodeId)
    .default(hostname(), 'host name')
}

export const DEFAULT_DATA_DIR = '/var/lib/csi-driver-loop'

export function dataDirOption(): Option {
  return new Option('--data-dir <dir>', 'where the pools are').env('LOOP_DATA_DIR').default(DEFAULT_DATA_DIR)
}

export function configOption(): Option {
  return new Option(
    '--config <file>',
    'YAML file with several pools and their limits (default: one pool in --data-dir)',
  ).env('LOOP_CONFIG')
}

/** The socket of a running driver, for commands that call it. */
export function driverEndpointOption(): Option {
  return new Option('--endpoint <url>', 'socket of the running driver, unix:///path/csi.sock')
    .env('CSI_ENDPOINT')
    .argParser(parseEndpoint)
}

export function kubeletDirOption(): Option {
  return new Option('--kubelet-dir <dir>', "the kubelet's directory, where there is a kubelet")
    .env('KUBELET_DIR')
    .default('/var/lib/kubelet')
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON')
}

export function driverNameOption(): Option {
  return new Option('--driver-name <name>', 'CSI name of the driver')
    .argParser(driverName)
    .default('loop.csi.local')
}

export function httpOption(paths: string): Option {
  return new Option('--http <[host]:port>', `serve ${paths}`).argParser(address)
}

export function tlsDirOption(): Option {
  return new Option(
    '--tls-dir <dir>',
    'directory with ca.crt, tls.crt, tls.key and optionally trust.crt (more CAs), read again when they change',
  ).env('LOOP_TLS_DIR')
}

export function logLevelOption(): Option {
  return new Option('--log-level <level>', 'least important messages to log')
    .choices(['debug', 'info', 'warn', 'error'])
    .default('info')
}

export function logFormatOption(): Option {
  return new Option('--log-format <format>', 'json, one object per line, or text')
    .choices(['json', 'text'])
    .default(process.stdout.isTTY ? 'text' : 'json', 'text on a terminal, else json')
}

export function tracingOption(): Option {
  return new Option('--tracing <url>', 'send traces to this OTLP receiver over HTTP, http://host:4318')
    .env('OTEL_EXPORTER_OTLP_ENDPOINT')
    .argParser(httpUrl)
}

/** @returns `unix:///path/csi.sock`, also for the path alone, which gRPC takes for a host name */
export function parseEndpoint(text: string): string {
  try {
    return `unix://${socketPath(text)}`
  } catch {
    throw new InvalidArgumentError(
      'It must be unix:///path/to/csi.sock or /path/to/csi.sock: a socket with an absolute path that ends in .sock.',
    )
  }
}

function httpUrl(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text
  throw new InvalidArgumentError('It must be http://host:port or https://host:port.')
}

/** `host:port`, `:port` or `[IPv6]:port`. */
export function address(text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (port <= 65535) return { host: bracketed ?? plain ?? '', port }
  throw new InvalidArgumentError('It must be host:port, :port or [IPv6 address]:port.')
}

/** As gRPC writes it. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export function nonEmpty(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('It must not be empty.')
}

export function positive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a positive whole number.')
}

/** Node's timers count up to 24 days. */
const MAX_INTERVAL_MS = 20 * 24 * 3_600_000

export function interval(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined && milliseconds <= MAX_INTERVAL_MS) return milliseconds
  throw new InvalidArgumentError('It must be 0 or a duration such as 30s, 15m or 1h, at most 480h.')
}

/**
 * CSINode of Kubernetes allows 192 bytes. The characters are those of label values, because the topology has
 * the id as a value; all names of Kubernetes nodes consist of them.
 */
export function nodeId(text: string): string {
  if (text.length <= 192 && /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text)) return text
  throw new InvalidArgumentError(
    'It must have 1 to 192 letters, digits, dots, dashes and underscores, and begin and end with a letter or digit.',
  )
}

/**
 * CSI's plugin name. Shorter than CSI allows, because it is part of the topology key `topology.<name>/node`.
 */
export function driverName(name: string): string {
  if (name.length <= 54 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) return name
  throw new InvalidArgumentError(
    'It must be a domain name of at most 54 lower-case letters, digits, dots and dashes.',
  )
}
