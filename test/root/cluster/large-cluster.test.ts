import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { peakBytes } from '../../harness/process-figures.ts'
import { Authority, controllerName } from '../../support/certificates.ts'
import { chartLimits } from '../../support/chart-limits.ts'
import { kubeConfigFor, nodeObject, persistentVolume } from '../../support/cluster-objects.ts'
import { DriverProcess } from '../../support/driver.ts'
import { LargeApiServer } from '../../support/large-api-server.ts'

const NODES = 1000
/** PersistentVolumes of other drivers, and of this one. */
const FOREIGN = 50_000
const OWN = 10_000

const nodeName = (index: number): string => `node-${index % NODES}`

function volumeNumbered(index: number): object {
  const isOwn = index % ((FOREIGN + OWN) / OWN) === 0
  const driver = isOwn ? 'loop.csi.local' : 'ebs.csi.aws.com'
  const name = `pvc-${index.toString(16).padStart(32, '0')}`
  const volumeHandle = volumeIdFor(nodeName(index), name)
  return persistentVolume({ name, driver, volumeHandle, nodeName: nodeName(index) })
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
          [volumes]: { size: FOREIGN + OWN, make: volumeNumbered },
          '/api/v1/nodes': { size: NODES, make: (index) => nodeObject(nodeName(index)) },
          '/apis/discovery.k8s.io/v1/namespaces/storage/endpointslices': { size: 0, make: () => ({}) },
        },
        { '/api/v1/namespaces/kube-system': { metadata: { name: 'kube-system', uid: 'cluster' } } },
      ),
    )
    const kubeConfig = join(scratch.path, 'kubeconfig')
    await writeFile(kubeConfig, kubeConfigFor(await api.listen()))
    const { flags, container } = await chartLimits('controller')
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
      ['env', `KUBECONFIG=${kubeConfig}`, `NODE_OPTIONS=${flags.join(' ')}`],
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
    const peak = await peakBytes(router.pid)
    expect(peak).toBeLessThan(container * 0.9)
    expect(router.log).not.toContainEqual(expect.objectContaining({ level: 'warn' }))
  }, 600_000)
})
