import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { Authority, controllerName } from '../../support/certificates.ts'
import { DriverProcess } from '../../support/driver.ts'
import { LargeApiServer } from '../../support/large-api-server.ts'

const MiB = 2 ** 20

const NODES = 1000
/** PersistentVolumes of other drivers, and of this one. */
const FOREIGN = 50_000
const OWN = 10_000

/** What the API server adds to every object, as large as it usually is. */
const managedFields = ['csi-provisioner', 'kube-controller-manager'].map((manager) => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f:field-${index}`, { '.': {} }])),
}))

const nodeName = (index: number): string => `node-${index % NODES}`

function persistentVolume(index: number): object {
  const isOwn = index % ((FOREIGN + OWN) / OWN) === 0
  const driver = isOwn ? 'loop.csi.local' : 'ebs.csi.aws.com'
  const name = `pvc-${index.toString(16).padStart(32, '0')}`
  const values = [nodeName(index)]
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: `${index}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'pv.kubernetes.io/provisioned-by': driver },
      finalizers: ['kubernetes.io/pv-protection'],
      managedFields,
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      claimRef: {
        kind: 'PersistentVolumeClaim',
        namespace: 'shop',
        name: `claim-${index}`,
        uid: `claim-uid-${index}`,
      },
      csi: {
        driver,
        volumeHandle: volumeIdFor(nodeName(index), name),
        volumeAttributes: { index: `${index}` },
      },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: `topology.${driver}/node`, operator: 'In', values }] },
          ],
        },
      },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'loop',
      volumeMode: 'Filesystem',
    },
    status: { phase: 'Bound' },
  }
}

/** The kubelet lists up to 50 images. */
function node(index: number): object {
  const images = Array.from({ length: 50 }, (_, image) => ({
    names: [
      `registry.example/image-${image}@sha256:${'0'.repeat(64)}`,
      `registry.example/image-${image}:1.0.0`,
    ],
    sizeBytes: 123_456_789,
  }))
  return {
    metadata: { name: nodeName(index), uid: `uid-${index}`, managedFields },
    spec: {},
    status: { images },
  }
}

/**
 * The share of the container's memory that the image gives to the heap, and the container's limit in the
 * chart.
 */
async function limits(): Promise<{ heap: number; container: number }> {
  const dockerfile = await readFile('Dockerfile', 'utf8')
  const [, percent = ''] = /--max-old-space-size-percentage=(\d+)/.exec(dockerfile) ?? []
  const values = parse(await readFile('charts/csi-driver-loop/values.yaml', 'utf8')) as {
    controller: { resources: { limits: { memory: string } } }
  }
  const container = parseInt(values.controller.resources.limits.memory) * MiB
  return { heap: Math.floor((container * Number(percent)) / 100 / MiB), container }
}

/** The most memory that the process has had, in bytes (proc_pid_status(5)). */
async function peakMemory(pid: number): Promise<number> {
  const [, kib = ''] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

describeRoot('the controller role in a large cluster', () => {
  it('compares within the memory that the chart gives it', async () => {
    await using resources = new AsyncDisposableStack()
    const scratch = resources.use(await Scratch.make())
    const authority = await Authority.make(join(scratch.path, 'authority'))
    await authority.issue(join(scratch.path, 'tls'), { name: controllerName })
    const volumes = '/api/v1/persistentvolumes'
    const api = resources.use(
      new LargeApiServer(
        {
          [volumes]: { size: FOREIGN + OWN, make: persistentVolume },
          '/api/v1/nodes': { size: NODES, make: node },
          '/apis/discovery.k8s.io/v1/namespaces/storage/endpointslices': { size: 0, make: () => ({}) },
        },
        { '/api/v1/namespaces/kube-system': { metadata: { name: 'kube-system', uid: 'cluster' } } },
      ),
    )
    const kubeConfig = join(scratch.path, 'kubeconfig')
    await writeFile(kubeConfig, kubeConfigFor(await api.listen()))
    const { heap, container } = await limits()
    const router = new DriverProcess(
      [
        ...['controller', '--endpoint', `unix://${join(scratch.path, 'router.sock')}`],
        ...[
          '--tls-dir',
          join(scratch.path, 'tls'),
          '--service',
          'storage/nodes',
          '--reconcile-interval',
          '1s',
        ],
      ],
      [
        'env',
        `KUBECONFIG=${kubeConfig}`,
        `NODE_OPTIONS=--max-semi-space-size=1 --max-old-space-size=${heap}`,
      ],
    )
    resources.defer(async () => {
      await router.end('SIGKILL')
    })
    const ended = router.exited.then((exit) => {
      throw new Error(`the router ended: ${exit.stderr.slice(0, 2000)}`)
    })
    const twice = (async () => {
      while ((api.lists.get(volumes) ?? 0) < 2) await new Promise((resolve) => setTimeout(resolve, 100))
    })()
    await Promise.race([twice, ended])
    const peak = await peakMemory(router.pid)
    expect(peak).toBeLessThan(container * 0.9)
    expect(router.log).not.toContainEqual(expect.objectContaining({ level: 'warn' }))
  }, 600_000)
})

function kubeConfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}
