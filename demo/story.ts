import { firstUse } from './act-first-use.ts'
import { outgrowTheVolume } from './act-growth.ts'
import { useARawDisk } from './act-raw-disk.ts'
import { leaveAndComeBack } from './act-return.ts'
import { expectThat, findLeftovers, takeInventory } from './evidence.ts'
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
    'A CSI driver provides storage to Kubernetes. The demo starts the real driver and makes the calls (→) that',
    'Kubernetes would make, and shows how long each takes. Paths are relative to this directory:',
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
    narrator.say('The claims were deleted, and their files with them.')
  })
}

async function stopDriver({ narrator, workspace, driver, before }: Scene): Promise<void> {
  await narrator.step('Stop the driver and check what is left', async () => {
    const end = await driver.stop()
    expectThat(`the driver ends with exit code 0 (it ended with ${end})`, end === 'exit code 0')
    const after = await takeInventory()
    const left = await findLeftovers(workspace, after)
    if (left.length > 0) throw new Error(`left on the machine: ${left.join('; ')}`)
    narrator.say(
      `Loop devices in use on this machine: ${before.devices.length} before, ${after.devices.length} now, none of them the demo's.`,
      `Mounts: ${before.mounts.length} before, ${after.mounts.length} now, none of them the demo's. No file and no process is left.`,
    )
  })
}
