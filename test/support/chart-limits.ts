import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const MiB = 2 ** 20

/** What the chart and the image allow a role. */
export interface RoleLimits {
  /** The limit of the container, in bytes. */
  readonly container: number
  /** The options of Node.js in the image, with the heap that follows from the container's limit. */
  readonly flags: readonly string[]
}

/** The limits of a container of the chart, with the image's options of Node.js. */
export async function chartLimits(role: 'node' | 'controller'): Promise<RoleLimits> {
  const dockerfile = await readText('Dockerfile')
  const [, percent = ''] = /--max-old-space-size-percentage=(\d+)/.exec(dockerfile) ?? []
  const values = parse(await readText('charts/csi-driver-loop/values.yaml')) as Record<
    typeof role,
    { readonly resources: { readonly limits: { readonly memory: string } } }
  >
  const mebibytes = parseInt(values[role].resources.limits.memory)
  const heap = Math.floor((mebibytes * Number(percent)) / 100)
  return {
    container: mebibytes * MiB,
    flags: ['--max-semi-space-size=1', `--max-old-space-size=${heap}`],
  }
}

function readText(path: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
}
