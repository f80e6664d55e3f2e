import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { nodeLog } from './support/driver.ts'
import { eventually } from '../support/eventually.ts'
import { canGrowMountedExt4 } from './support/machine.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod } from './support/objects.ts'
import type { KubeObject } from './support/kubectl.ts'

let on: Namespace

interface Claim extends KubeObject {
  readonly status: {
    readonly capacity: { readonly storage: string }
    readonly currentVolumeAttributesClassName?: string
  }
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

function grow(name: string, size: string): Promise<void> {
  return on.patch('pvc', name, { spec: { resources: { requests: { storage: size } } } })
}

async function grown(name: string, size: string): Promise<void> {
  await eventually(`${name} has ${size}`, async () => {
    await hurry(name)
    const { status } = await on.get<Claim>('pvc', name)
    expect(status.capacity.storage).toBe(size)
  })
}

/** The kubelet looks for volumes to grow about once a minute, and whenever it sees a pod change. */
async function hurry(name: string): Promise<void> {
  const pods = await on.getAll('pod', `--field-selector=metadata.name=${name}`)
  if (pods.length > 0)
    await on.patch('pod', name, { metadata: { annotations: { hurry: String(Date.now()) } } })
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
    await grow(name, '640Mi')
    if (type === 'ext4' && !canGrowMountedExt4) {
      console.log('A mounted ext4 cannot grow on this machine, which keeps CAP_SYS_RESOURCE from containers.')
      await eventually('the driver says why', async () => {
        await hurry(name)
        expect(await nodeLog(await on.nodeOf(name))).toContain(
          'growing a mounted ext4 needs CAP_SYS_RESOURCE',
        )
      })
      // The kubelet then waits for the next mount.
      await on.delete('pod', name)
      await on.apply(pod(name, { volumes: { data: ofClaim(name) }, command }))
      await on.running([name])
    }
    await grown(name, '640Mi')
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
    await grow('offline', '256Mi')
    await eventually('the volume has grown', async () => {
      const { spec } = await on.get<KubeObject & { spec: { volumeName: string } }>('pvc', 'offline')
      const volume = await on.get<KubeObject & { spec: { capacity: { storage: string } } }>(
        'pv',
        spec.volumeName,
      )
      expect(volume.spec.capacity.storage).toBe('256Mi')
    })
    await on.apply(pod('offline', { volumes: { data: ofClaim('offline') } }))
    await on.running(['offline'])
    await grown('offline', '256Mi')
    expect(await sizeInPod('offline')).toBeGreaterThan(200)
    expect(await on.shell('offline', 'cat /data/file')).toBe('kept')
  })

  it('a raw block volume while a pod uses it', async () => {
    await on.apply(claim('online-block', { volumeMode: 'Block' }))
    await on.apply(pod('online-block', { blocks: { disk: ofClaim('online-block') } }))
    await on.running(['online-block'])
    await grow('online-block', '128Mi')
    await grown('online-block', '128Mi')
    expect(await on.shell('online-block', 'blockdev --getsize64 /dev/disk')).toBe(String(128 << 20))
  })

  it('fails with the reason when there is no space, and accepts a smaller request', async () => {
    await on.apply(claim('greedy', { storageClass: 'loop-xfs', size: '320Mi' }))
    await on.apply(pod('greedy', { volumes: { data: ofClaim('greedy') } }))
    await on.running(['greedy'])
    await grow('greedy', '500Ti')
    await eventually('an event says why', async () => {
      expect(await on.story('greedy')).toMatch(/VolumeResizeFailed: .*pool/)
    })
    await grow('greedy', '400Mi')
    await grown('greedy', '400Mi')
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
