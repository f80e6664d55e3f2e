import { readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { allocated } from '../../support/images.ts'
import { writeUntilFull } from '../../support/full-disk.ts'
import { nothing } from '../../support/leftovers.ts'
import { refusal } from '../../support/refusal.ts'
import { TestGroup, TestSnapshot, snapshotIds } from '../../support/snapshot.ts'
import { MiB, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

const DATA = 24 * MiB
/** Less than a copy needs, more than its beginning. */
const ROOM = 10 * MiB
const BLOCK = 4096

describeRoot('a disk that gets full', () => {
  let node: TestNode
  let volume: TestVolume
  let small: TestVolume
  let snapshot: TestSnapshot
  const data = randomBytes(DATA)

  beforeEach(async () => {
    node = await TestNode.make({ type: 'ext4', bytes: 256 * MiB })
    const config = join(node.path, 'config.yaml')
    // So that what is promised never refuses a call before the disk does.
    await writeFile(config, 'pools: { default: { overcommit: 1000, whenFull: fail } }')
    await node.start({ args: ['--config', config] })
    small = await new TestVolume(node, 'small', { bytes: 16 * MiB }).create()
    volume = await new TestVolume(node, 'data', { bytes: 64 * MiB }).create()
    await volume.stage()
    await writeFile(join(volume.staging, 'file'), data, { flush: true })
    snapshot = await new TestSnapshot(node, 'origin', volume).create()
  })

  afterEach(async () => {
    await node[Symbol.asyncDispose]()
  })

  const filler = (): string => join(node.path, 'filler')
  const free = async (): Promise<number> => {
    await tool('sync', '--file-system', node.path)
    const { bavail, bsize } = await statfs(node.path)
    return bavail * bsize
  }

  /** Leaves so many bytes free. */
  async function fillUp(left: number): Promise<void> {
    await tool('fallocate', '--length', `${(await free()) - left}`, filler())
  }

  async function expectUntouched(): Promise<void> {
    expect((await readFile(join(volume.staging, 'file'))).equals(data)).toBe(true)
    // In place, which takes no new blocks.
    await writeFile(join(volume.staging, 'file'), data, { flag: 'r+', flush: true })
    const { entries } = await node.client.controller.listVolumes({})
    expect(entries.map(({ volume }) => volume?.volumeId).sort()).toEqual([small.id, volume.id].sort())
    expect(await snapshotIds(node)).toEqual([snapshot.id])
  }

  /** Removal goes on behind the answer. */
  async function expectFree(bytes: number): Promise<void> {
    for (let look = 0; look < 100 && (await free()) < bytes - 16 * BLOCK; look++) await setTimeout(20)
    expect(await free()).toBeGreaterThanOrEqual(bytes - 16 * BLOCK)
    const names = [...(await node.files()), ...(await node.files('default', 'snapshots'))]
    expect(names.filter((name) => name.startsWith('.'))).toEqual([])
  }

  const expand = (bytes: number) =>
    node.client.controller.controllerExpandVolume({
      volumeId: volume.id,
      capacityRange: { requiredBytes: bytes },
    })

  const full = /the disk under .*default is full|no room|has .* for thick volumes/
  const cases: [string, () => Promise<unknown>, 'RESOURCE_EXHAUSTED' | 'OUT_OF_RANGE'][] = [
    ['a snapshot', () => new TestSnapshot(node, 's', volume).create(), 'RESOURCE_EXHAUSTED'],
    ['a group snapshot', () => new TestGroup(node, 'g', [small, volume]).create(), 'RESOURCE_EXHAUSTED'],
    [
      'a restore',
      () => new TestVolume(node, 'copy', { bytes: 64 * MiB, source: snapshot.asSource }).create(),
      'RESOURCE_EXHAUSTED',
    ],
    [
      'a clone',
      () => new TestVolume(node, 'copy', { bytes: 64 * MiB, source: volume.asSource }).create(),
      'RESOURCE_EXHAUSTED',
    ],
    [
      'a modification to thick',
      () => volume.modify({ provisioning: 'thick', directIO: 'off' }),
      'RESOURCE_EXHAUSTED',
    ],
  ]

  it.each(cases)('in the middle of %s leaves nothing', async (_, call, code) => {
    await fillUp(ROOM)
    const before = { free: await free(), allocated: await allocated(volume.image) }
    await expect(call()).rejects.toMatchObject(refusal(code, full))
    await expectFree(before.free)
    expect(await allocated(volume.image)).toBeLessThanOrEqual(before.allocated + 16 * BLOCK)
    await expectUntouched()
    await rm(filler())
    await call()
  })

  it('in the middle of the expansion of a thick volume: it keeps its size', async () => {
    await volume.modify({ provisioning: 'thick' })
    await fillUp(ROOM)
    const before = await free()
    await expect(expand(64 * MiB + 2 * ROOM)).rejects.toMatchObject(refusal('OUT_OF_RANGE', full))
    await expectFree(before)
    // The user asks for less.
    await expand(64 * MiB + ROOM / 2)
    await expectUntouched()
  })

  it('when not even the record of an expansion fits: it keeps its size, also for the next driver', async () => {
    await writeUntilFull(filler())
    await expect(expand(128 * MiB)).rejects.toMatchObject(refusal('OUT_OF_RANGE', full))
    await node.crash()
    const { volume: found } = await node.client.controller.controllerGetVolume({ volumeId: volume.id })
    expect(found?.capacityBytes).toBe(`${64 * MiB}`)
    await rm(filler())
    await expectUntouched()
  })

  it('leaves nothing on the machine', async () => {
    await fillUp(ROOM)
    for (const [, call] of cases) await expect(call()).rejects.toThrow()
    await snapshot.delete()
    for (const each of [volume, small]) await each[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
    expect([...(await node.files()), ...(await node.files('default', 'snapshots'))]).toEqual([])
  })
})
