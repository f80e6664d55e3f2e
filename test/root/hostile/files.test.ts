import { link, lstat, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { refusal } from '../../support/refusal.ts'
import { TestSnapshot } from '../../support/snapshot.ts'
import { MiB, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { look, makeCanary } from './canary.ts'

const BYTES = 32 * MiB

/** Puts something in the place of a file. @param canary what nothing may touch */
type Plant = (path: string, canary: string) => Promise<unknown>

const images: readonly (readonly [what: string, plant: Plant])[] = [
  ['a symbolic link to a file', (path, canary) => symlink(join(canary, 'note'), path)],
  ['a symbolic link to nothing', (path, canary) => symlink(join(canary, 'absent'), path)],
  ['a directory', (path) => mkdir(path)],
  ['a FIFO', (path) => tool('mkfifo', path)],
  ['a character device', (path) => tool('mknod', path, 'c', '1', '5')],
  ['a block device', (path) => tool('mknod', path, 'b', '7', '0')],
]

const records: readonly (readonly [what: string, plant: Plant])[] = [
  ...images,
  ['nothing', () => Promise.resolve()],
  ['an empty file', (path) => writeFile(path, '')],
  ['half of a record', (path) => writeFile(path, '{"schemaVersion": 1, "id": "')],
  ['a record of a version to come', (path) => writeFile(path, '{"schemaVersion": 99}')],
  ['what is no UTF-8', (path) => writeFile(path, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))],
  ['what is no JSON', (path) => writeFile(path, '\0'.repeat(500))],
  ['a huge file', (path) => writeFile(path, '').then(() => truncate(path, 100 << 20))],
]

describeRoot('in the only pool', () => {
  let node: TestNode
  let canary: string
  let bystander: TestVolume
  let volume: TestVolume
  let before: unknown[]

  beforeEach(async () => {
    node = await TestNode.start()
    canary = join(node.path, 'canary')
    await makeCanary(canary)
    bystander = await new TestVolume(node, 'bystander').create()
    await bystander.stage()
    await writeFile(join(await bystander.publish(), 'data'), 'mine', { flush: true })
    volume = await new TestVolume(node, 'volume', { bytes: BYTES }).create()
    before = await look(canary)
  })

  afterEach(async () => {
    await node[Symbol.asyncDispose]()
  })

  const grow = () =>
    node.client.controller.controllerExpandVolume({
      volumeId: volume.id,
      capacityRange: { requiredBytes: 2 * BYTES },
    })

  /** In the place of one of the volume's files; the driver is restarted if it has read that at its start. */
  async function plant(name: string, what: Plant, restart: boolean): Promise<void> {
    const path = join(dirname(volume.image), name)
    await rename(path, join(node.path, name))
    await what(path, canary)
    if (!restart) return
    await node.driver.end('SIGKILL')
    await node.start()
  }

  /** Nothing of it can be used, nothing else is touched, and others go on. */
  async function expectRefused(): Promise<void> {
    const { controller } = node.client
    const refused = refusal('FAILED_PRECONDITION', new RegExp(volume.id))
    await expect(volume.stage()).rejects.toMatchObject(refused)
    await expect(grow()).rejects.toMatchObject(refused)
    await expect(
      controller.createSnapshot({ name: 'snapshot', sourceVolumeId: volume.id }),
    ).rejects.toMatchObject(refused)
    await expect(new TestVolume(node, 'clone', { source: volume.asSource }).create()).rejects.toMatchObject(
      refused,
    )
    const { volumeHealth } = await controller.controllerGetVolumeHealth({ volumeId: volume.id })
    expect(volumeHealth?.healthStatuses).not.toEqual([])
    expect(await readFile(join(bystander.target(), 'data'), 'utf8')).toBe('mine')
    await bystander.unpublish()
    await bystander.publish()
    await expect(node.client.identity.probe({})).resolves.toMatchObject({ ready: { value: true } })
    expect(await look(canary)).toEqual(before)
  }

  it.each(images)('%s in the place of disk.img', async (_, what) => {
    await plant('disk.img', what, false)
    await expectRefused()
  })

  it.each(images)('%s in the place of disk.img, at the start', async (_, what) => {
    await plant('disk.img', what, true)
    await expectRefused()
  })

  it.each<(typeof images)[number]>([
    ...images,
    ['a symbolic link to itself', (path) => symlink(path, path)],
    ['a device without a driver', (path) => tool('mknod', path, 'c', '4095', '0')],
  ])('%s in the place of disk.img, and the volume is deleted', async (_, what) => {
    await plant('disk.img', what, false)
    await node.client.controller.deleteVolume({ volumeId: volume.id })
    await expect(lstat(dirname(volume.image))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await look(canary)).toEqual(before)
  })

  it.each(images)('%s in the place of the image of a snapshot', async (_, what) => {
    const { controller } = node.client
    const snapshot = await new TestSnapshot(node, 'snapshot', volume).create()
    const later = await new TestSnapshot(node, 'later', volume).create()
    await rename(snapshot.image, join(node.path, 'disk.img'))
    await what(snapshot.image, canary)
    const refused = refusal('FAILED_PRECONDITION', new RegExp(snapshot.id))
    await expect(
      new TestVolume(node, 'restored', { source: snapshot.asSource }).create(),
    ).rejects.toMatchObject(refused)
    expect(await node.files()).toHaveLength(2)
    await snapshot.delete()
    await using restored = await new TestVolume(node, 'restored', {
      bytes: BYTES,
      source: later.asSource,
    }).create()
    await restored.stage()
    await later.delete()
    expect((await controller.listSnapshots({})).entries).toEqual([])
    expect(await look(canary)).toEqual(before)
  })

  it.each(records)('%s in the place of volume.json, at the start', async (_, what) => {
    await plant('volume.json', what, true)
    await expectRefused()
  })

  it('the record of another volume', async () => {
    const other = join(dirname(bystander.image), 'volume.json')
    await plant('volume.json', async (path) => writeFile(path, await readFile(other)), true)
    await expectRefused()
  })

  it.each(['volume.json.new', 'frozen'])('a symbolic link named %s beside the record', async (name) => {
    const directory = dirname(volume.image)
    await symlink(join(canary, 'note'), join(directory, name))
    await symlink(join(canary, 'note'), join(dirname(directory), `.${volume.id}.${name}`))
    await grow().catch(() => undefined)
    expect(await look(canary)).toEqual(before)
  })

  it('a symbolic link to a directory in the place of a volume', async () => {
    const directory = dirname(volume.image)
    await rename(directory, join(canary, 'volume'))
    await symlink(join(canary, 'volume'), directory)
    before = await look(canary)
    await node.client.controller.deleteVolume({ volumeId: volume.id })
    expect(await look(canary)).toEqual(before)
    await expect(lstat(directory)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('a hard link to an image, which a delete leaves', async () => {
    const second = join(node.path, 'second')
    await link(volume.image, second)
    await volume.delete()
    expect((await lstat(second)).size).toBe(BYTES)
    await rm(second)
  })
})
