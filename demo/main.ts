import { connect } from '../src/csi/client.ts'
import { LoopControl } from '../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../src/linux/loop/loop-devices.ts'
import { messageOf } from '../src/volumes/model/errors.ts'
import { DriverProcess } from './driver-process.ts'
import { Evidence, takeInventory } from './evidence.ts'
import { abortOnInterruption } from '../src/cli/terminal/signals.ts'
import { Narrator } from './narrator.ts'
import { Orchestrator } from './orchestrator.ts'
import { choosePlan, findObstacle } from './plan.ts'
import { tellStory } from './story.ts'
import { Workspace } from './workspace.ts'

process.exitCode = await runDemo()

/**
 * Shows the life of a volume on this machine without a cluster: the calls to a CSI driver, and their effects.
 * @returns the exit code: 0 when everything worked and nothing is left
 */
async function runDemo(): Promise<number> {
  const obstacle = await findObstacle()
  if (obstacle !== undefined) {
    console.error(obstacle)
    return 1
  }
  const signal = abortOnInterruption()
  const narrator = new Narrator(process.stdout)
  const workspace = await Workspace.make()
  const driver = DriverProcess.start(workspace)
  try {
    await perform(narrator, workspace, driver, signal)
  } catch (error) {
    // An interrupted call can fail with any error.
    const end = signal.aborted
      ? `was interrupted: ${messageOf(signal.reason)}`
      : `failed: ${messageOf(error)}`
    narrator.failed(`Step ${narrator.position} ${end}`)
    if (driver.end !== undefined) narrator.say(`The driver has ended: ${driver.end}.`)
    narrator.show(...driver.log)
    if (await clear(narrator, workspace, driver)) narrator.say('Everything that the demo created is removed.')
    return 1
  }
  if (!(await clear(narrator, workspace, driver))) return 1
  narrator.times()
  narrator.succeeded('Everything worked, and nothing is left on this machine.')
  return 0
}

async function perform(
  narrator: Narrator,
  workspace: Workspace,
  driver: DriverProcess,
  signal: AbortSignal,
): Promise<void> {
  const before = await takeInventory()
  await using control = await LoopControl.open()
  using client = connect(`unix://${workspace.socket}`)
  await tellStory({
    narrator,
    workspace,
    driver,
    kubernetes: new Orchestrator(client, workspace, narrator, signal),
    evidence: new Evidence(new LinuxLoopDevices(control), workspace),
    plan: await choosePlan(),
    before,
    signal,
  })
}

/** @returns whether that was possible */
async function clear(narrator: Narrator, workspace: Workspace, driver: DriverProcess): Promise<boolean> {
  try {
    await driver.stop()
    await workspace.clear()
    return true
  } catch (error) {
    narrator.failed(`${workspace.directory} could not be removed: ${messageOf(error)}`)
    return false
  }
}
