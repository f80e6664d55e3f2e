import { chmod } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DriverProcess } from '../harness/driver-process.ts'
import type { Progress } from '../harness/progress.ts'
import { Workspace } from '../harness/workspace.ts'
import { SoakHost } from '../soak/soak-host.ts'
import { leftovers, type Leftovers } from '../support/leftovers.ts'
import { runOnBoth, type Origins } from './on-both.ts'
import type { Comparison } from './outcomes.ts'
import type { Kind } from './places/kinds.ts'
import { Losetup } from './places/losetup.ts'
import { Ours } from './places/ours.ts'
import type { Extent, Tool } from './tool.ts'

export interface ThirdPartyOptions extends Extent {
  readonly tools: readonly Tool[]
  readonly kinds: readonly Kind[]
  /** Where the workspace is made. */
  readonly directory: string
  /** The driver's main file. */
  readonly driver: string
}

/** What a tool has found on one kind of volume. */
export interface Finding {
  readonly tool: Tool
  readonly kind: Kind
  readonly comparisons: readonly Comparison[]
}

export interface Findings {
  readonly findings: readonly Finding[]
  /** After the driver was stopped. */
  readonly left: Leftovers
}

/** Runs test programs of other projects on volumes of the driver and on plain loop devices beside them. */
export async function thirdParty(
  options: ThirdPartyOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Findings> {
  await using workspace = await Workspace.open(options.directory, 'third-party')
  const [path, plain] = [await workspace.directory('ours'), await workspace.directory('losetup')]
  // Other users than root test what they may do on the volumes.
  await chmod(dirname(path), 0o711)
  const findings = await withDriver(options.driver, path, (ours) =>
    runAll(options, { ours, losetup: new Losetup(plain) }, progress, signal),
  )
  return { findings, left: await leftovers(path) }
}

async function withDriver<T>(main: string, path: string, action: (ours: Ours) => Promise<T>): Promise<T> {
  const dataDir = join(path, 'data')
  await using driver = await DriverProcess.start(main, dataDir)
  const host = new SoakHost(path, dataDir, driver.client)
  const result = await action(new Ours(host))
  await host.tidy()
  return result
}

async function runAll(
  { tools, kinds, ...extent }: ThirdPartyOptions,
  origins: Origins,
  progress: Progress,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const tool of tools) {
    for (const kind of kinds) {
      const runs = await tool.runs(kind, extent)
      const comparisons: Comparison[] = []
      for (const [index, run] of runs.entries()) {
        const name = `${tool.name}-${kind}-${index}`
        comparisons.push(...(await runOnBoth(run, { origins, kind, name, signal })))
        progress(`${tool.name} on ${kind}`, index + 1, runs.length)
      }
      if (runs.length > 0) findings.push({ tool, kind, comparisons })
    }
  }
  return findings
}
