import { stat } from 'node:fs/promises'
import { allocated } from '../../support/images.ts'
import { MiB, mountCapability, type TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { requireContent, requireContentOfImage, requireRawContent } from '../content.ts'
import type { World } from '../world.ts'
import type { Case, Cases, Play } from './case.ts'
import { deviceOf, instant, kept, planned, raw, written, type Wishes } from './written.ts'

const thick = { provisioning: 'thick' }

function creation(
  wishes: (world: World) => Promise<Wishes>,
  check: (volume: TestVolume) => Promise<unknown>,
): Case {
  return async (world) => {
    const volume = await planned(world, 'made', await wishes(world))
    return { run: () => volume.create(), undo: () => volume.delete(), check: () => check(volume) }
  }
}

export const volumeCases: Cases = {
  'CreateVolume, thin': creation(() => Promise.resolve({}), requireEmpty),
  'CreateVolume, thick': creation(() => Promise.resolve({ parameters: thick }), requireThick),
  'CreateVolume, thick, of a snapshot': creation(
    async (world) => ({ bytes: 24 * MiB, parameters: thick, source: (await kept(world, 'origin')).asSource }),
    async (volume) => {
      await requireContentOfImage(volume.image)
      await requireThick(volume)
    },
  ),
  'CreateVolume, of a btrfs snapshot that shares blocks': creation(
    async (world) => {
      const btrfs = { ...instant, capability: mountCapability('btrfs'), bytes: 256 * MiB }
      return { ...btrfs, source: (await kept(world, 'origin', btrfs)).asSource }
    },
    (volume) => tool('btrfs', 'check', '--readonly', volume.image),
  ),
  'CreateVolume, of a volume in use': creation(
    async (world) => ({ source: (await written(world, 'origin')).asSource }),
    (volume) => requireContentOfImage(volume.image),
  ),
  DeleteVolume: async (world) => {
    const volume = await (await planned(world, 'deleted')).create()
    return { run: () => volume.delete(), undo: () => volume.create() }
  },
  'ControllerExpandVolume, of a thick block volume in use': async (world) => {
    const volume = await written(world, 'grown', { ...raw, parameters: thick })
    const capacityRange = { requiredBytes: 20 * MiB }
    return {
      isStepwise: true,
      run: () => world.node.client.controller.controllerExpandVolume({ volumeId: volume.id, capacityRange }),
      undo: async () => {
        await volume[Symbol.asyncDispose]()
        await written(world, 'grown', { ...raw, parameters: thick })
      },
      check: async () => {
        await requireRawContent(await deviceOf(volume))
        await requireThick(volume)
      },
    }
  },
  'ControllerModifyVolume, to thick without direct I/O, in use': (world) =>
    modification(
      world,
      { provisioning: 'thin', directIO: 'auto' },
      { provisioning: 'thick', directIO: 'off' },
    ),
  'ControllerModifyVolume, to thin, in use': (world) =>
    modification(world, { provisioning: 'thick' }, { provisioning: 'thin' }),
}

type Parameters = Readonly<Record<string, string>>

async function modification(world: World, from: Parameters, to: Parameters): Promise<Play> {
  const volume = await written(world, 'modified', { parameters: from })
  const modify = (mutableParameters: Parameters) => () => volume.modify(mutableParameters)
  const check = async (): Promise<void> => {
    await requireContent(volume.staging)
    const isThick = (await allocated(volume.image)) >= 16 * MiB
    if (isThick !== (to['provisioning'] === 'thick'))
      throw new Error(`${volume.image} is ${isThick ? 'thick' : 'thin'}`)
  }
  return { run: modify(to), undo: modify(from), check }
}

async function requireEmpty(volume: TestVolume): Promise<void> {
  if ((await allocated(volume.image)) > 0) throw new Error(`${volume.image} is not empty`)
}

async function requireThick({ image }: TestVolume): Promise<void> {
  const { size } = await stat(image)
  if ((await allocated(image)) < size) throw new Error(`${image} is not thick`)
}
