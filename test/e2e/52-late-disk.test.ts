import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { nodeNames, onNode } from './support/cluster.ts'
import { install, nodePod, ready, RELEASE } from './support/driver.ts'
import { kubectl } from './support/kubectl.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod } from './support/objects.ts'

const DISK = '/mnt/late'
const IMAGE = '/var/late-disk.img'

let on: Namespace
let worker = ''

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
  worker = (await nodeNames()).at(-1) ?? ''
  await onNode(worker, 'truncate', '--size=512M', IMAGE)
  await onNode(worker, 'mkfs.ext4', '-q', IMAGE)
  await onNode(worker, 'mkdir', '--parents', DISK)
  await mountDisk()
  await install(
    `pools.late.path=${DISK}/pool`,
    `pools.late.disk=${DISK}`,
    'storageClasses.loop-late.parameters.pool=late',
  )
})

afterAll(async () => {
  await on[Symbol.asyncDispose]()
  await install()
  await onNode(worker, 'sh', '-c', `umount --lazy ${DISK}; rm -f ${IMAGE}`)
  for (const node of await nodeNames())
    await onNode(node, 'sh', '-c', `rm -rf ${DISK} /var/lib/csi-driver-loop/known-pools/late.json`)
})

/** As the machine's boot or its administrator does it, outside of all pods. */
async function mountDisk(): Promise<void> {
  await onNode(worker, 'mount', '--options', 'loop', IMAGE, DISK)
}

/** Lazily: the driver holds its pool. */
async function unmountDisk(): Promise<void> {
  await onNode(worker, 'umount', '--lazy', DISK)
}

/** A pod with the claim, which reads what it finds. */
const reader = (name: string) =>
  pod(name, {
    node: worker,
    volumes: { data: ofClaim('late') },
    command: 'cat /data/word; exec sleep infinity',
  })

/** Applies a pod whose volume cannot be staged, and waits until Kubernetes reports the reason. */
async function waitsForDisk(name: string): Promise<void> {
  await on.apply(reader(name))
  await eventually('an event says what to do', async () => {
    expect(await on.story(name)).toMatch(/mount the disk/)
  })
  expect(await on.isReady(name)).toBe(false)
  // Nothing was made in its place where the disk is mounted otherwise.
  expect((await onNode(worker, 'sh', '-c', `ls -A ${DISK}`)).trim()).toBe('')
}

async function hasItsData(name: string): Promise<void> {
  await on.running([name])
  expect(await on.kubectl('logs', name)).toBe('kept\n')
}

it('a disk that is mounted after the driver has started is used, and one that is unmounted is noticed', async () => {
  await on.apply(
    claim('late', { storageClass: 'loop-late' }),
    pod('first', { node: worker, volumes: { data: ofClaim('late') } }),
  )
  await on.running(['first'])
  await on.shell('first', 'echo kept >/data/word; sync')
  await on.delete('pod', 'first')

  // The machine is booted without it.
  await unmountDisk()
  await kubectl(['--namespace', RELEASE, 'delete', 'pod', await nodePod(worker), '--wait'])
  await eventually('the driver is there', () => nodePod(worker))
  await ready()
  const driver = await nodePod(worker)
  await waitsForDisk('appears')
  await mountDisk()
  await hasItsData('appears')
  await on.delete('pod', 'appears')

  await unmountDisk()
  await waitsForDisk('goes')
  await mountDisk()
  await hasItsData('goes')
  await on.delete('pod', 'goes')
  expect(await nodePod(worker)).toBe(driver)
}, 600_000)
