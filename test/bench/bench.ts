import { cpus, release } from 'node:os'
import { connect, type CsiClient } from '../../src/csi/client.ts'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { atOnce } from './at-once.ts'
import { attachAmong } from './attach.ts'
import { driverAttacher, floorAttacher, shellAttacher, type Attacher } from './attachers.ts'
import type { Contender } from './contender.ts'
import { CsiContender } from './csi-contender.ts'
import { DriverProcess } from './driver-process.ts'
import { FloorContender } from './floor-contender.ts'
import { goals } from './goals.ts'
import { lifeCycle } from './life-cycle.ts'
import { manyVolumes } from './many-volumes.ts'
import { progressOn } from './progress.ts'
import type { Report } from './report.ts'
import { ShellContender } from './shell-contender.ts'
import { Workspace } from './workspace.ts'

export interface BenchOptions {
  readonly rounds: number
  readonly volumes: number
  /** The main file of the driver. */
  readonly driver: string
  /** Another CSI driver, for one more column. */
  readonly socket: string | undefined
  /** Where the workspace is made. */
  readonly directory: string
}

/** Runs everything, and leaves nothing behind whatever happens. */
export async function bench(options: BenchOptions, signal: AbortSignal): Promise<Report> {
  const progress = progressOn(process.stderr)
  await using workspace = await Workspace.open(options.directory)
  await using control = await LoopControl.open()
  const { rounds, volumes } = options
  const floor = floorAttacher(control)

  await using resources = new AsyncDisposableStack()
  const contenders = await makeContenders(options, workspace, floor, resources)
  const lives = await lifeCycle(contenders, rounds, progress, signal)
  const crowd = await atOnce(contenders, progress, signal)
  await resources.disposeAsync()

  const attachers = [driverAttacher(new LinuxLoopDevices(control)), shellAttacher, floor]
  const counts = [0, 10, 100].filter((count) => count < volumes).concat(volumes)
  const directory = await workspace.directory('attach')
  const test = { attachers, filler: floor, directory, counts, rounds }
  const attaches = await attachAmong(test, progress, signal)

  const many = await manyVolumes(options.driver, await workspace.directory('many'), volumes, progress, signal)
  return {
    machine: `Linux ${release()}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}`,
    tables: [lives, attaches, crowd],
    manyVolumes: many,
    goals: goals(lives, attaches, counts, many),
  }
}

/** The columns, from left to right; `resources` gets what has to be stopped when they are done. */
async function makeContenders(
  { driver: main, socket }: BenchOptions,
  workspace: Workspace,
  floor: Attacher,
  resources: AsyncDisposableStack,
): Promise<Contender[]> {
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
