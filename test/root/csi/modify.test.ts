import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { allocated } from '../../support/images.ts'
import { refusal } from '../../support/refusal.ts'
import { useTestNode } from '../../support/use-test-node.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { Writer, countRecords } from '../../support/writer.ts'
import { tool } from '../../tool.ts'

const SIZE = 64 * MiB

/** What is lost now and then takes many rounds to be seen. */
const ROUNDS = 4 * Number(process.env['CONSISTENCY_ROUNDS'] ?? 3)

describeRoot('a volume that is modified', () => {
  let node: TestNode
  useTestNode((started) => {
    node = started
  })

  let names = 0
  const make = (capability = mountCapability()): Promise<TestVolume> =>
    new TestVolume(node, `data-${++names}`, { capability, bytes: SIZE }).create()

  async function directIo(volume: TestVolume): Promise<string> {
    const [device = ''] = await volume.devices()
    return tool('losetup', '--noheadings', '--output', 'DIO', device)
  }

  const record = async (volume: TestVolume): Promise<unknown> =>
    JSON.parse(await readFile(join(volume.directory, 'volume.json'), 'utf8'))

  it.each([
    ['mount', mountCapability()],
    ['block', blockCapability()],
  ])('turns direct I/O off and on while it is used: %s', async (_, capability) => {
    await using volume = await make(capability)
    await volume.stage()
    expect(await directIo(volume)).toBe('1')
    await volume.modify({ directIO: 'off' })
    expect(await directIo(volume)).toBe('0')
    await volume.unstage()
    await volume.stage()
    expect(await directIo(volume)).toBe('0')
    await volume.modify({ directIO: 'on' })
    expect(await directIo(volume)).toBe('1')
  })

  it.each([
    ['in use', true],
    ['not in use', false],
  ])('gets all of its blocks and gives back what it never wrote: %s', async (_, isUsed) => {
    await using volume = await make()
    await volume.stage()
    await writeFile(join(volume.staging, 'note'), Buffer.alloc(8 * MiB, 'x'), { flush: true })
    if (!isUsed) await volume.unstage()
    const before = await allocated(volume.image)
    expect(before).toBeLessThan(SIZE / 2)
    await volume.modify({ provisioning: 'thick' })
    expect(await allocated(volume.image)).toBeGreaterThanOrEqual(SIZE)
    await volume.modify({ provisioning: 'thin' })
    expect(await allocated(volume.image)).toBeLessThan(before + MiB)
    if (!isUsed) await volume.stage()
    expect((await readFile(join(volume.staging, 'note'))).equals(Buffer.alloc(8 * MiB, 'x'))).toBe(true)
  })

  it.each(['ext4', 'xfs', 'btrfs'])(
    'loses nothing that is written meanwhile: %s',
    async (fsType) => {
      const capability = mountCapability(fsType)
      await using volume = await new TestVolume(node, `data-${++names}`, {
        capability,
        bytes: 320 * MiB,
      }).create()
      await volume.stage()
      let acknowledged = 0
      {
        await using writer = new Writer(volume.staging)
        for (let round = 0; round < ROUNDS; round++) {
          await writer.advance(20)
          await volume.modify({ provisioning: 'thick' })
          await writer.advance(20)
          await volume.modify({ provisioning: 'thin' })
        }
        acknowledged = writer.acknowledged
      }
      // What is read must come from the image, not from the page cache.
      await volume.unstage()
      await volume.stage()
      expect(await countRecords(volume.staging)).toBeGreaterThanOrEqual(acknowledged)
    },
    600_000,
  )

  it('cannot change its blocks while it is used as a raw block device', async () => {
    await using volume = await make(blockCapability())
    await volume.modify({ provisioning: 'thick' })
    await volume.stage()
    await expect(volume.modify({ provisioning: 'thin' })).rejects.toMatchObject(
      refusal('FAILED_PRECONDITION', /is in use as a raw block device/),
    )
    expect(await allocated(volume.image)).toBeGreaterThanOrEqual(SIZE)
    await volume.unstage()
    await volume.modify({ provisioning: 'thin' })
    expect(await allocated(volume.image)).toBe(0)
  })

  it.each([
    [{ directIO: 'off', pool: 'other' }, /"pool" is unknown; known are provisioning, directIO, discard/],
    [{ directIO: 'off', provisioning: 'fat' }, /provisioning is "fat"/],
    [{ provisioning: 'thick', discard: 'sometimes' }, /discard is "sometimes"/],
    [{ provisioning: 'thick', directIO: '' }, /directIO is ""/],
  ])('is as it was when something is wrong with the parameters: %j', async (parameters, message) => {
    await using volume = await make()
    await volume.stage()
    const before = [await record(volume), await directIo(volume), await allocated(volume.image)]
    await expect(volume.modify(parameters)).rejects.toMatchObject(refusal('INVALID_ARGUMENT', message))
    expect([await record(volume), await directIo(volume), await allocated(volume.image)]).toEqual(before)
  })

  it('keeps attributes that are not requested, and its initial ones', async () => {
    await using volume = await make()
    await volume.modify({ directIO: 'off' })
    await volume.modify({ provisioning: 'thick' })
    await volume.modify({})
    expect(await record(volume)).toMatchObject({ provisioning: 'thick', directIo: 'off', discard: 'none' })
    await volume.create()
  })

  it('is not found when it does not exist', async () => {
    const call = node.client.controller.controllerModifyVolume({ volumeId: 'x', mutableParameters: {} })
    await expect(call).rejects.toMatchObject(refusal('NOT_FOUND', /volume "x"/))
  })
})
