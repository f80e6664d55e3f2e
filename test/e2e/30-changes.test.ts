import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { nodeLog } from './support/driver.ts'
import { eventually } from '../support/eventually.ts'
import { claimGrown, grow, hurry, volumeGrown } from './support/growth.ts'
import { canGrowMountedExt4 } from './support/machine.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod } from './support/objects.ts'
import type { KubeObject } from './support/kubectl.ts'

let on: Namespace

interface Claim extends KubeObject {
  readonly status: { readonly currentVolumeAttributesClassName?: string }
}

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
})

afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

async function sizeInPod(name: string): Promise<number> {
  return Number(await on.shell(name, `df -k /data | tail -1 | awk '{print $2}'`)) / 1024
}

describe('growing', () => {
  it.each([
    ['xfs', 'loop-xfs'],
    ['btrfs', 'loop-btrfs'],
    ['ext4', 'loop'],
  ])('%s while a pod writes', async (type, storageClass) => {
    const name = `online-${type}`
    await on.apply(claim(name, { storageClass, size: '320Mi' }))
    const command = 'while :; do date >>/data/log; sync; sleep 0.1; done'
    await on.apply(pod(name, { volumes: { data: ofClaim(name) }, command }))
    await on.running([name])
    await grow(on, name, '640Mi')
    if (type === 'ext4' && !canGrowMountedExt4) {
      console.log('A mounted ext4 cannot grow on this machine, which keeps CAP_SYS_RESOURCE from containers.')
      await eventually('the driver says why', async () => {
        await hurry(on, name)
        expect(await nodeLog(await on.nodeOf(name))).toContain(
          'growing a mounted ext4 needs CAP_SYS_RESOURCE',
        )
      })
      // The kubelet then waits for the next mount.
      await on.delete('pod', name)
      await on.apply(pod(name, { volumes: { data: ofClaim(name) }, command }))
      await on.running([name])
    }
    await claimGrown(on, { claim: name, pod: name, size: '640Mi' })
    expect(await sizeInPod(name)).toBeGreaterThan(480)
    expect(await on.isReady(name)).toBe(true)
    await on.delete('pod', name)
  })

  it('ext4 while no pod uses it', async () => {
    await on.apply(claim('offline', { size: '64Mi' }))
    await on.apply(
      pod('offline', {
        volumes: { data: ofClaim('offline') },
        command: 'echo kept >/data/file; exec sleep infinity',
      }),
    )
    await on.running(['offline'])
    await on.delete('pod', 'offline')
    await grow(on, 'offline', '256Mi')
    await volumeGrown(on, 'offline', '256Mi')
    await on.apply(pod('offline', { volumes: { data: ofClaim('offline') } }))
    await on.running(['offline'])
    await claimGrown(on, { claim: 'offline', pod: 'offline', size: '256Mi' })
    expect(await sizeInPod('offline')).toBeGreaterThan(200)
    expect(await on.shell('offline', 'cat /data/file')).toBe('kept')
  })

  it('a raw block volume while a pod uses it', async () => {
    await on.apply(claim('online-block', { volumeMode: 'Block' }))
    await on.apply(pod('online-block', { blocks: { disk: ofClaim('online-block') } }))
    await on.running(['online-block'])
    await grow(on, 'online-block', '128Mi')
    await claimGrown(on, { claim: 'online-block', pod: 'online-block', size: '128Mi' })
    expect(await on.shell('online-block', 'blockdev --getsize64 /dev/disk')).toBe(String(128 << 20))
  })

  it('fails with the reason when there is no space, and accepts a smaller request', async () => {
    await on.apply(claim('greedy', { storageClass: 'loop-xfs', size: '320Mi' }))
    await on.apply(pod('greedy', { volumes: { data: ofClaim('greedy') } }))
    await on.running(['greedy'])
    await grow(on, 'greedy', '500Ti')
    await eventually('an event says why', async () => {
      expect(await on.story('greedy')).toMatch(/VolumeResizeFailed: .*pool/)
    })
    await grow(on, 'greedy', '400Mi')
    await claimGrown(on, { claim: 'greedy', pod: 'greedy', size: '400Mi' })
  })
})

describe('a VolumeAttributesClass', () => {
  it('changes a volume in use', async () => {
    await on.apply(claim('attributes', { attributes: 'loop-direct-io' }))
    await on.apply(pod('attributes', { volumes: { data: ofClaim('attributes') } }))
    await on.running(['attributes'])
    await on.patch('pvc', 'attributes', { spec: { volumeAttributesClassName: 'loop-thick' } })
    await eventually('the class is in force', async () => {
      const { status } = await on.get<Claim>('pvc', 'attributes')
      expect(status.currentVolumeAttributesClassName).toBe('loop-thick')
    })
    expect(await on.isReady('attributes')).toBe(true)
  })
})

describe('a claim that is too large for every node', () => {
  it('stays Pending, and the pod says why', async () => {
    await on.apply(claim('huge', { size: '500Ti' }))
    await on.apply(pod('huge', { volumes: { data: ofClaim('huge') } }))
    await eventually('the scheduler says why', async () => {
      expect(await on.story('huge')).toContain('did not have enough free storage')
    })
    expect(await on.get('pvc', 'huge')).toMatchObject({ status: { phase: 'Pending' } })
  })
})
