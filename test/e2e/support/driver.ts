import { fileURLToPath } from 'node:url'
import { eventually } from '../../support/eventually.ts'
import { run } from './command.ts'
import { loadImage } from './cluster.ts'
import { IMAGE } from './objects.ts'
import { getAll, kubectl, type KubeObject } from './kubectl.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const CHART = `${root}charts/csi-driver-loop`

export const DRIVER = 'loop.csi.local'
export const DATA_DIR = '/var/lib/csi-driver-loop'
/** Release and namespace. */
export const RELEASE = 'csi-driver-loop'
export const DRIVER_IMAGE = 'csi-driver-loop:e2e'

export async function buildImage(): Promise<void> {
  await run('docker', ['build', '--tag', DRIVER_IMAGE, '--build-arg', 'VERSION=e2e', root], { isShown: true })
}

/** Also the pods' image, where this machine has it: a cluster may have no way out. */
export async function loadImages(): Promise<void> {
  const here = (await run('docker', ['images', '--quiet', IMAGE])).trim() !== ''
  await loadImage(DRIVER_IMAGE, ...(here ? [IMAGE] : []))
}

/** Installs the chart, or changes what is installed, and waits until it runs. */
export async function install(...set: string[]): Promise<void> {
  const [repository = '', tag = ''] = DRIVER_IMAGE.split(':')
  await run('helm', [
    ...['upgrade', '--install', RELEASE, CHART, '--namespace', RELEASE, '--create-namespace'],
    ...['--set', `image.repository=${repository},image.tag=${tag},pools.default.inline.maxSize=1Gi`],
    // A rebuilt image has the same tag.
    ...[
      '--set',
      `node.podAnnotations.image=${await imageId()},controller.podAnnotations.image=${await imageId()}`,
    ],
    ...set.flatMap((value) => ['--set', value]),
  ])
  await ready()
}

export async function uninstall(): Promise<void> {
  await run('helm', ['uninstall', RELEASE, '--namespace', RELEASE, '--wait', '--timeout', '180s'])
}

/**
 * Waits until the driver's pods run, and no others are left: a rollout is complete before its old pods have
 * ended, and a command for "the pods of the controller" would still find them.
 */
export async function ready(): Promise<void> {
  for (const workload of ['daemonset/csi-driver-loop-node', 'deployment/csi-driver-loop-controller'])
    await kubectl(['--namespace', RELEASE, 'rollout', 'status', workload, '--timeout=180s'])
  await eventually('all old pods of the driver have ended', async () => {
    const ending = [...(await podsOf('node')), ...(await podsOf('controller'))].filter(isEnding)
    if (ending.length > 0)
      throw new Error(`there are ${ending.map(({ metadata }) => metadata.name).join(', ')}`)
  })
}

/** Without those that are ending. */
export async function driverPods(component: 'node' | 'controller'): Promise<DriverPod[]> {
  const pods = await podsOf(component)
  return pods.filter((pod) => !isEnding(pod))
}

function podsOf(component: 'node' | 'controller'): Promise<DriverPod[]> {
  return getAll('pod', '--namespace', RELEASE, `--selector=app.kubernetes.io/component=${component}`)
}

function isEnding({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}

interface DriverPod extends KubeObject {
  readonly spec: {
    readonly nodeName: string
    /** The driver's own is the first. */
    readonly containers: readonly {
      readonly resources: { readonly requests?: { readonly memory?: string } }
    }[]
  }
}

/** The driver's pod on a node. */
export async function nodePod(node: string): Promise<string> {
  const pods = await driverPods('node')
  const pod = pods.find(({ spec }) => spec.nodeName === node)
  if (!pod) throw new Error(`no pod of the driver on ${node}`)
  return pod.metadata.name
}

/** What the driver has logged on a node since its container started. */
export async function nodeLog(node: string): Promise<string> {
  return kubectl(['--namespace', RELEASE, 'logs', await nodePod(node)])
}

async function imageId(): Promise<string> {
  return (await run('docker', ['image', 'inspect', '--format={{.Id}}', DRIVER_IMAGE])).trim().slice(7, 19)
}
