import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { run } from './support/command.ts'
import { nodeNames, onNode } from './support/cluster.ts'
import { ready } from './support/driver.ts'
import { deleteController, killDriver } from './support/kill-driver.ts'
import { eventually } from '../support/eventually.ts'
import { getAll, type KubeObject } from './support/kubectl.ts'
import { volumeDevices } from './support/machine.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod } from './support/objects.ts'
import { checkNumbers, lastTold, writerPod, writesOn } from './support/writer.ts'

let on: Namespace
let nodes: string[] = []
let worker = ''

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
  nodes = await nodeNames()
  worker = nodes.at(-1) ?? ''
})

afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

/** No file is behind two devices. */
async function expectNoneTwice(): Promise<void> {
  const files = [...(await volumeDevices(nodes)).values()]
  expect(files).toEqual([...new Set(files)])
}

describe('the driver on a node is killed under load', () => {
  it('without effect on writing pods, and starting pods start', async () => {
    const names = ['load-0', 'load-1', 'load-2']
    await on.apply(
      ...names.map((name) => claim(name)),
      ...names.map((name) => writerPod(name, { node: worker })),
    )
    await on.running(names)
    const late = ['late-0', 'late-1', 'late-2', 'late-3']
    await on.apply(
      ...late.map((name) => claim(name)),
      ...late.map((name) => writerPod(name, { node: worker })),
    )
    for (let kill = 0; kill < 3; kill += 1) {
      await killDriver(worker)
      await sleep(2000)
    }
    await on.running(late)
    for (const name of [...names, ...late]) await writesOn(on, name, await checkNumbers(on, name))
    await expectNoneTwice()
    await on.delete('pod', ...names, ...late)
    await on.delete('pvc', ...names, ...late)
    await ready()
  })
})

describe('the router is killed while it creates volumes', () => {
  it('and each claim gets exactly one', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `made-${index}`)
    await on.apply(
      ...names.map((name) => claim(name)),
      ...names.map((name) => pod(name, { volumes: { data: ofClaim(name) } })),
    )
    await sleep(300)
    await deleteController()
    await on.running(names)
    const volumes = await getAll<KubeObject & { spec: { claimRef: { namespace: string; name: string } } }>(
      'pv',
    )
    const claims = volumes.flatMap(({ spec: { claimRef } }) =>
      claimRef.namespace === on.name ? claimRef.name : [],
    )
    expect(claims.filter((name) => name.startsWith('made-')).sort()).toEqual([...names].sort())
    await on.delete('pod', ...names)
    await on.delete('pvc', ...names)
    await eventually('no image is left of them', async () => {
      for (const node of nodes) {
        const images = await onNode(node, 'sh', '-c', 'ls /var/lib/csi-driver-loop/pools/default/volumes')
        expect(images.trim()).toBe('')
      }
    })
  })
})

describe('a pod is deleted by force', () => {
  it('and the next one has its data', async () => {
    await on.apply(claim('forced'), writerPod('forced'))
    await on.running(['forced'])
    await sleep(1000)
    const told = await lastTold(on, 'forced')
    await on.kubectl('delete', 'pod', 'forced', '--grace-period=0', '--force')
    await on.apply(writerPod('forced'))
    await on.running(['forced'])
    // By force means that both write for a moment, so that the file need not be in order.
    await on.shell('forced', `grep -qx ${told} /data/numbers`)
    await eventually('it writes on', () => on.shell('forced', `grep -qx ${told + 20} /data/numbers`))
    await expectNoneTwice()
    await on.delete('pod', 'forced')
  })
})

describe('a node is restarted', () => {
  it('and its pods come back with their data', async () => {
    await on.apply(
      claim('restarted'),
      claim('restarted-block', { volumeMode: 'Block' }),
      writerPod('restarted', { node: worker }),
      pod('restarted-block', {
        node: worker,
        blocks: { disk: ofClaim('restarted-block') },
        command:
          'head -n 1 /dev/disk; echo word | dd of=/dev/disk conv=fsync 2>/dev/null; exec sleep infinity',
      }),
    )
    await on.running(['restarted', 'restarted-block'])
    await sleep(1000)
    const told = await lastTold(on, 'restarted')
    await run('docker', ['restart', worker])
    await eventually('the pods run again', async () => {
      expect(await writesOn(on, 'restarted', told)).toBeGreaterThan(told)
      expect((await on.kubectl('logs', 'restarted-block')).split('\n')[0]).toBe('word')
    })
    await ready()
    await expectNoneTwice()
    await on.delete('pod', 'restarted', 'restarted-block')
    await on.delete('pvc', 'restarted', 'restarted-block')
  })
})

it('leaves nothing attached after all of this', async () => {
  await on[Symbol.asyncDispose]()
  await eventually('no device is left', async () => {
    expect([...(await volumeDevices(nodes))]).toEqual([])
  })
})
