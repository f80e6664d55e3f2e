import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../', import.meta.url))
export const CHART = `${root}charts/csi-driver-loop`

export interface Rendering {
  /** A file of values, from the project's directory on. */
  readonly values?: string
  /** As helm's `--set`. */
  readonly set?: readonly string[]
  /** APIs that the cluster has besides Kubernetes' own of 1.30, as `group/version/kind`. */
  readonly apis?: readonly string[]
  /** With the pods of `helm test`. */
  readonly tests?: boolean
}

/**
 * The chart's objects for a release `csi-driver-loop` in a namespace of this name, without keys and
 * certificates.
 */
export async function render({ values, set = [], apis = [], tests = false }: Rendering): Promise<string> {
  const objects = await helm([
    ...['template', 'csi-driver-loop', CHART, '--namespace', 'csi-driver-loop', '--kube-version', '1.30.0'],
    ...(values === undefined ? [] : ['--values', root + values]),
    ...set.flatMap((value) => ['--set', value]),
    ...apis.flatMap((api) => ['--api-versions', api]),
    ...(tests ? [] : ['--skip-tests']),
  ])
  return objects.replace(/^( +(?:ca\.crt|tls\.crt|tls\.key)): .+$/gm, `$1: ${btoa('MADE-BY-HELM')}`)
}

/** @throws Error with helm's own words, wherever it has said them */
export async function helm(args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)('helm', args, { maxBuffer: 16 << 20 })).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`helm ${args.join(' ')}: ${stdout}${stderr}`, { cause: error })
  }
}
