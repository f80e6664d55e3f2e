import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { nodeNames, onNode } from './support/cluster.ts'
import { DATA_DIR, DRIVER, driverPods, install, nodePod, ready, RELEASE } from './support/driver.ts'
import { eventually } from '../support/eventually.ts'
import { get, kubectl, type KubeObject } from './support/kubectl.ts'
import { withoutNode } from './support/lost-node.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod, snapshot } from './support/objects.ts'

/** The controller may have been on that node, and a new one has to come up first. */
const GONE = { timeoutMs: 300_000 }

let on: Namespace
let nodes: string[] = []
let worker = ''

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
  nodes = await nodeNames()
  worker = nodes.at(-1) ?? ''
  await install(
    'controller.reconcileInterval=2s',
    'controller.orphanGrace=20s',
    'controller.deleteOrphans=true',
    'controller.releaseLostNodes=true',
  )
})

afterAll(async () => {
  await on[Symbol.asyncDispose]()
  await install()
})

/** A claim with data on the worker. @returns the names of its volume's object and directory */
async function claimOnWorker(name: string): Promise<{ pv: string; directory: string }> {
  await on.apply(claim(name))
  await on.apply(pod(name, { node: worker, volumes: { data: ofClaim(name) } }))
  await on.running([name])
  const { spec } = await on.get<KubeObject & { spec: { volumeName: string } }>('pvc', name)
  const volume = await get<KubeObject & { spec: { csi: { volumeHandle: string } } }>('pv', spec.volumeName)
  const directory = `${DATA_DIR}/pools/default/volumes/${volume.spec.csi.volumeHandle}`
  return { pv: spec.volumeName, directory }
}

const metricsOf = (driverPod: string): Promise<string> =>
  kubectl(['get', '--raw', `/api/v1/namespaces/${RELEASE}/pods/${driverPod}:9808/proxy/metrics`])

const metricsOfController = async (): Promise<string> =>
  metricsOf((await driverPods('controller'))[0]?.metadata.name ?? '')

function eventOf(name: string, reason: string): Promise<string> {
  return eventually(`the event ${reason}`, async () => {
    const events = await on.events(name)
    const event = events.find((one) => one.reason === reason)
    if (!event) throw new Error(`there are ${events.map((one) => one.reason).join(', ')}`)
    return event.message
  })
}

describe('metrics', () => {
  it('of a node contain the size of a volume, with its claim, and the duration of steps', async () => {
    await claimOnWorker('measured')
    const metrics = await metricsOf(await nodePod(worker))
    const labels = `claim_namespace="${on.name}",persistentvolumeclaim="measured"`
    expect(metrics).toMatch(
      new RegExp(`^csi_driver_loop_volume_capacity_bytes\\{.*${labels}.*\\} ${64 << 20}$`, 'm'),
    )
    expect(metrics).toMatch(/^csi_driver_loop_step_duration_seconds_count\{.*step="mkfs".*\} [1-9]/m)
  })

  it('of the controller show that it leads', async () => {
    await eventually('a leader', async () => {
      expect(await metricsOfController()).toMatch(/^csi_driver_loop_leader 1$/m)
    })
  })
})

describe('a claim', () => {
  it('gets an event that the image of its volume is deleted', async () => {
    const { directory } = await claimOnWorker('damaged')
    await on.delete('pod', 'damaged')
    await onNode(worker, 'mv', `${directory}/disk.img`, `${directory}/away`)
    expect(await eventOf('damaged', 'ImageMissing')).toContain('disk.img')
    await onNode(worker, 'mv', `${directory}/away`, `${directory}/disk.img`)
  })
})

describe('a volume whose PersistentVolume is deleted', () => {
  it('is deleted after the grace, and nothing else is', async () => {
    const csi = { driver: DRIVER, volumeAttributes: { size: '64Mi' } }
    await on.apply(pod('inline', { node: worker, volumes: { data: { csi } } }))
    const kept = await claimOnWorker('kept')
    const { pv, directory } = await claimOnWorker('orphan')
    await kubectl(['patch', 'pv', pv, '--patch={"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'])
    const { metadata } = await get<KubeObject & { metadata: { uid: string } }>('namespace', 'kube-system')
    expect(await onNode(worker, 'cat', `${directory}/volume.json`)).toContain(metadata.uid)
    await on.delete('pod', 'orphan')
    await on.delete('pvc', 'orphan')
    await kubectl(['delete', 'pv', pv, '--wait', '--timeout=60s'])
    await onNode(worker, 'test', '-e', directory)
    await eventually('it is deleted', () => onNode(worker, 'test', '!', '-e', directory))
    await onNode(worker, 'test', '-e', `${kept.directory}/disk.img`)
    await on.shell('inline', 'echo there >/data/file && sync')
    expect(await metricsOfController()).toMatch(/^csi_driver_loop_deleted_orphans_total 1$/m)
  })
})

describe('a lost node', () => {
  it('releases its claims after the grace', async () => {
    await claimOnWorker('lost')
    await on.apply(snapshot('lost', 'lost'))
    await on.kubectl(
      'wait',
      '--for=jsonpath={.status.readyToUse}=true',
      'volumesnapshot/lost',
      '--timeout=120s',
    )
    await withoutNode(worker, async () => {
      await kubectl(['delete', 'node', worker])
      // Kubernetes itself deletes the pods of a node that does not exist.
      await eventually(
        'its claims are gone, with their volumes',
        async () => {
          expect(await on.getAll('pvc')).toEqual([])
        },
        GONE,
      )
      // A controller that has restarted knows the lost node by its snapshots alone.
      await kubectl([
        '--namespace',
        RELEASE,
        'delete',
        'pod',
        '--selector=app.kubernetes.io/component=controller',
      ])
      await ready()
      await on.delete('volumesnapshot', 'lost')
    })
  }, 900_000)
})
