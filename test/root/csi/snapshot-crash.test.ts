import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { at } from '../../support/at.ts'
import { TestNode } from '../../support/driver.ts'
import { Dice, allocated } from '../../support/images.ts'
import { nothing } from '../../support/leftovers.ts'
import { TestGroup, TestSnapshot, snapshotIds } from '../../support/snapshot.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

/** How often it is tried at any time. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 3)

/** Far above what an fsync takes here, far below for ever. */
const STUCK_MS = 20_000

interface Case {
  /** The call that is interrupted, and repeated. */
  readonly run: () => Promise<unknown>
  /** Passes when it was done right. */
  readonly check: () => Promise<unknown>
  /** Takes it back, for the next try. */
  readonly undo: () => Promise<unknown>
  /** Where undoing leaves something. */
  readonly end?: () => Promise<unknown>
}

describeRoot('a driver that is killed', () => {
  let node: TestNode
  let volumes: TestVolume[]
  let raw: TestVolume
  let snapshot: TestSnapshot

  beforeEach(async () => {
    node = await TestNode.start()
    volumes = [
      new TestVolume(node, 'a', { bytes: 64 * MiB }),
      new TestVolume(node, 'b', { capability: mountCapability('btrfs'), bytes: 256 * MiB }),
    ]
    raw = await new TestVolume(node, 'raw', { capability: blockCapability() }).create()
    await raw.stage()
    for (const volume of volumes) {
      await volume.create()
      await volume.stage()
      await writeFile(join(volume.staging, 'data'), Buffer.alloc(8 * MiB, 'x'), { flush: true })
    }
    snapshot = await new TestSnapshot(node, 'origin', at(volumes, 0)).create()
  })

  afterEach(async () => {
    await node[Symbol.asyncDispose]()
  })

  const modify = (mutableParameters: Record<string, string>): Promise<unknown> =>
    at(volumes, 0).modify(mutableParameters)

  const cases: Record<string, () => Case | Promise<Case>> = {
    'a snapshot': () => {
      const made = new TestSnapshot(node, 's', at(volumes, 0))
      return {
        run: () => made.create(),
        check: () => expectSound(made.image),
        undo: () => made.delete(),
      }
    },
    'a group snapshot': () => {
      const group = new TestGroup(node, 'g', [...volumes, raw])
      return {
        run: () => group.create(),
        check: () => expect(snapshotIds(node)).resolves.toHaveLength(4),
        undo: () => group.delete(),
      }
    },
    'the deletion of a group snapshot': async () => {
      const group = await new TestGroup(node, 'g', [...volumes, raw]).create()
      return {
        run: () => group.delete(),
        check: () => expect(snapshotIds(node)).resolves.toHaveLength(1),
        undo: () => group.create(),
        end: () => group.delete(),
      }
    },
    'a restore': () => {
      const parameters = { provisioning: 'thick' }
      const copy = new TestVolume(node, 'copy', { bytes: 96 * MiB, parameters, source: snapshot.asSource })
      return {
        run: () => copy.create(),
        check: () => expectSound(copy.image),
        undo: () => copy.delete(),
      }
    },
    'a clone': () => {
      const copy = new TestVolume(node, 'copy', {
        capability: mountCapability('btrfs'),
        bytes: 300 * MiB,
        source: at(volumes, 1).asSource,
      })
      return {
        run: () => copy.create(),
        check: () => tool('btrfs', 'check', '--readonly', copy.image),
        undo: () => copy.delete(),
      }
    },
    'a modification to thick': () => ({
      run: () => modify({ provisioning: 'thick', directIO: 'off' }),
      check: async () => {
        expect(await allocated(at(volumes, 0).image)).toBeGreaterThanOrEqual(64 * MiB)
      },
      undo: () => modify({ provisioning: 'thin', directIO: 'on' }),
    }),
    'a modification to thin': async () => {
      const thicken = () => modify({ provisioning: 'thick' })
      await thicken()
      return {
        run: () => modify({ provisioning: 'thin' }),
        check: async () => {
          expect(await allocated(at(volumes, 0).image)).toBeLessThan(64 * MiB)
        },
        undo: thicken,
      }
    },
    'an expansion': () => {
      let bytes = 65 * MiB
      return {
        run: () =>
          node.client.controller.controllerExpandVolume({
            volumeId: at(volumes, 0).id,
            capacityRange: { requiredBytes: bytes },
          }),
        check: async () => {
          const [device = ''] = await at(volumes, 0).devices()
          expect(Number(await tool('blockdev', '--getsize64', device))).toBe(bytes)
        },
        undo: () => Promise.resolve((bytes += MiB)),
      }
    },
  }
  const names = Object.keys(cases)

  it.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
    'at any time (seed %i): nothing half made is listed, nothing is frozen, the repeated call succeeds',
    async (seed) => {
      const dice = new Dice(seed)
      await writeFile(join(at(volumes, 0).staging, 'more'), Buffer.alloc(24 * MiB, 'y'), { flush: true })
      const each = await cases[at(names, dice.roll(names.length))]?.()
      if (!each) throw new Error('there is no such case')
      const before = await listed()
      const call = each.run().catch(() => undefined)
      await setTimeout(dice.roll(150))
      await node.crash()
      await call
      const now = await listed()
      await expectWritable(`seed ${seed}`)
      await each.run()
      await each.check()
      expect([before, await listed()]).toContainEqual(now)
      await each.undo()
      await each.end?.()
      await expectNothingLeft()
    },
  )

  async function listed(): Promise<string[]> {
    const { entries } = await node.client.controller.listVolumes({})
    return [...entries.map(({ volume }) => volume?.volumeId ?? ''), ...(await snapshotIds(node))].sort()
  }

  async function expectWritable(step: string): Promise<void> {
    for (const volume of volumes) {
      const written = writeFlushed(join(volume.staging, 'probe')).then(() => 'written')
      expect({ step, [volume.name]: await Promise.race([written, stuck()]) }).toEqual({
        step,
        [volume.name]: 'written',
      })
    }
  }

  async function expectNothingLeft(): Promise<void> {
    await snapshot.delete()
    for (const volume of [...volumes, raw]) await volume[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
    expect(await node.files('default', 'snapshots')).toEqual([])
  }
})

async function writeFlushed(path: string): Promise<void> {
  await using file = await open(path, 'w')
  await file.write('x')
  await file.sync()
}

function stuck(): Promise<string> {
  return setTimeout(STUCK_MS, 'stuck', { ref: false })
}

async function expectSound(image: string): Promise<void> {
  await tool('e2fsck', '-f', '-n', image)
}
