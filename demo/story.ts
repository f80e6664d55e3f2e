import { firstUse } from './act-first-use.ts'
import { outgrowTheVolume } from './act-growth.ts'
import { useARawDisk } from './act-raw-disk.ts'
import { leaveAndComeBack } from './act-return.ts'
import { expectThat } from './evidence.ts'
import { findLeftovers, takeInventory } from './leftovers.ts'
import type { DemoVolume } from './orchestrator.ts'
import type { Scene } from './scene.ts'

/** The life of two volumes, from the start of the driver to its end. */
export async function tellStory(scene: Scene): Promise<void> {
  introduce(scene)
  await startDriver(scene)
  const inUse = await firstUse(scene)
  await outgrowTheVolume(scene, inUse)
  await leaveAndComeBack(scene, inUse)
  const disk = await useARawDisk(scene)
  await deleteVolumes(scene, [inUse.volume, disk])
  await stopDriver(scene)
}

function introduce({ narrator, workspace }: Scene): void {
  narrator.title('The life of a Kubernetes volume, without Kubernetes')
  narrator.say(
    'A CSI driver is the program that Kubernetes asks for storage. This starts the real driver and makes the calls',
    '(→) that Kubernetes would make, with the time that each takes. Paths are below this directory:',
  )
  narrator.show(workspace.directory)
}

async function startDriver({ narrator, workspace, driver, kubernetes, signal }: Scene): Promise<void> {
  await narrator.step('Start the driver', async () => {
    await driver.ready(workspace.socket, signal)
    const { name, version } = await kubernetes.identify()
    narrator.say(
      `It is ${name} ${version}, process ${driver.pid}. It keeps its volumes in data/ and listens on csi.sock.`,
    )
  })
}

async function deleteVolumes({ narrator, kubernetes }: Scene, volumes: readonly DemoVolume[]): Promise<void> {
  await narrator.step('Delete both volumes', async () => {
    for (const volume of volumes) await kubernetes.delete(volume)
    narrator.say('The claims are gone, and with them the files.')
  })
}

async function stopDriver({ narrator, workspace, driver, before }: Scene): Promise<void> {
  await narrator.step('Stop the driver and see what is left', async () => {
    const end = await driver.stop()
    expectThat(`the driver ends with exit code 0 (it was ${end})`, end === 'exit code 0')
    const after = await takeInventory()
    const left = await findLeftovers(workspace, after)
    if (left.length > 0) throw new Error(`this is left: ${left.join('; ')}`)
    narrator.say(
      `Loop devices in use on this machine: ${before.devices.length} before, ${after.devices.length} now, none of them the demo's.`,
      `Mounts: ${before.mounts.length} before, ${after.mounts.length} now, none of them the demo's. No file and no process is left.`,
    )
  })
}
