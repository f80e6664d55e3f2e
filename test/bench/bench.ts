import { cpus, release } from 'node:os'
import { connect, type CsiClient } from '../../src/csi/client.ts'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { DriverProcess } from '../harness/driver-process.ts'
import { progressOn, type Progress } from '../harness/progress.ts'
import { Workspace } from '../harness/workspace.ts'
import { atOnce } from './at-once.ts'
import { attachAmong } from './attach.ts'
import { driverAttacher, floorAttacher, shellAttacher, type Attacher } from './attachers.ts'
import type { Contender } from './contender.ts'
import { copies } from './copies/copies.ts'
import { CsiContender } from './csi-contender.ts'
import { FloorContender } from './floor-contender.ts'
import { attachGoals, copyGoals, manyGoals, volumeGoals, type Goal } from './goals.ts'
import { lifeCycle } from './life-cycle.ts'
import { manyVolumes, type ManyVolumes } from './many-volumes.ts'
import type { Report } from './report.ts'
import type { Table } from './samples.ts'
import { ShellContender } from './shell-contender.ts'

export interface BenchOptions {
  readonly parts: readonly PartName[]
  readonly rounds: number
  readonly volumes: number
  /** The main file of the driver. */
  readonly driver: string
  /** Another CSI driver, for one more column. */
  readonly socket: string | undefined
  /** Where the workspace is made. */
  readonly directory: string
}

/** What a part needs of its surroundings. */
interface Bench {
  readonly options: BenchOptions
  readonly workspace: Workspace
  readonly control: LoopControl
  readonly floor: Attacher
  readonly progress: Progress
  readonly signal: AbortSignal
}

interface Findings {
  readonly tables: readonly Table[]
  readonly goals: readonly Goal[]
  readonly manyVolumes?: ManyVolumes
}

const parts = {
  volumes: async (bench: Bench): Promise<Findings> => {
    const { options, progress, signal } = bench
    await using resources = new AsyncDisposableStack()
    const contenders = await makeContenders(bench, resources)
    const lives = await lifeCycle(contenders, options.rounds, progress, signal)
    return { tables: [lives, await atOnce(contenders, progress, signal)], goals: volumeGoals(lives) }
  },

  attach: async ({ options, workspace, control, floor, progress, signal }: Bench): Promise<Findings> => {
    const { rounds, volumes } = options
    const attachers = [driverAttacher(new LinuxLoopDevices(control)), shellAttacher, floor]
    const counts = [0, 10, 100].filter((count) => count < volumes).concat(volumes)
    const directory = await workspace.directory('attach')
    const test = { attachers, filler: floor, directory, counts, rounds }
    const attaches = await attachAmong(test, progress, signal)
    return { tables: [attaches], goals: attachGoals(attaches, counts) }
  },

  copies: async ({ options, workspace, floor, progress, signal }: Bench): Promise<Findings> => {
    const test = { main: options.driver, workspace, attacher: floor, rounds: options.rounds }
    const found = await copies(test, progress, signal)
    return { tables: [found.copies, found.freezes], goals: copyGoals(found) }
  },

  many: async ({ options, workspace, progress, signal }: Bench): Promise<Findings> => {
    const directory = await workspace.directory('many')
    const { many, calls } = await manyVolumes(options.driver, directory, options, progress, signal)
    return { tables: [calls], manyVolumes: many, goals: manyGoals(many) }
  },
}
export type PartName = keyof typeof parts

/** In the order in which they are run. */
export const partNames = Object.keys(parts) as PartName[]

/** Runs the parts that are asked for, and leaves nothing behind whatever happens. */
export async function bench(options: BenchOptions, signal: AbortSignal): Promise<Report> {
  const progress = progressOn(process.stderr)
  await using workspace = await Workspace.open(options.directory, 'bench')
  await using control = await LoopControl.open()
  const floor = floorAttacher(control)
  const findings: Findings[] = []
  for (const name of partNames.filter((part) => options.parts.includes(part))) {
    findings.push(await parts[name]({ options, workspace, control, floor, progress, signal }))
  }
  return {
    machine: `Linux ${release()}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}`,
    tables: findings.flatMap(({ tables }) => tables),
    manyVolumes: findings.find(({ manyVolumes }) => manyVolumes)?.manyVolumes,
    goals: findings.flatMap(({ goals }) => goals),
  }
}

/** The columns, from left to right; `resources` gets what has to be stopped when they are done. */
async function makeContenders(
  { options, workspace, floor }: Bench,
  resources: AsyncDisposableStack,
): Promise<Contender[]> {
  const { driver: main, socket } = options
  const driver = resources.use(await DriverProcess.start(main, await workspace.directory('driver')))
  const csi = async (name: string, client: CsiClient): Promise<Contender> =>
    resources.use(new CsiContender(name, client, await workspace.directory(`${name}-paths`)))
  const contenders: Contender[] = [
    await csi('driver', driver.client),
    new ShellContender(await workspace.directory('shell')),
    resources.use(new FloorContender(await workspace.directory('floor'), floor)),
  ]
  if (socket !== undefined) contenders.push(await csi('socket', resources.use(connect(socket))))
  return contenders
}
