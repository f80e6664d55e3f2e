import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LoopControl } from '../../../src/linux/loop/control.ts'
import { existingNumbers } from '../../../src/linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../../src/linux/loop/loop-devices.ts'
import { never } from '../../../src/volumes/concurrency/deadlines.ts'
import { hasErrno } from '../../../src/volumes/model/errors.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { eventually } from '../../support/eventually.ts'
import { withHook } from '../../support/hook.ts'
import { makeSparse } from '../../support/images.ts'
import { devicesOf } from '../../support/leftovers.ts'
import { raceToAttach } from '../../support/race-to-attach.ts'

const MiB = 1 << 20
const MANY = 300

/** Numbers that only this test uses: with loop.max_part=31, a kernel has 32,768. */
const FIRST = 10_000 + 100 * (process.pid % 90)
const numbers = Array.from({ length: 96 }, (_, index) => FIRST + index)

const options = { readOnly: false, autoclear: false, directIo: 'off', sectorBytes: 512 } as const

/** While so many are attached, and others come and go, other tests would get numbers that vanish. */
describeRoot('many loop devices', () => {
  let scratch: Scratch
  let control: LoopControl
  let loops: LinuxLoopDevices

  beforeEach(async () => {
    scratch = await Scratch.make()
    control = await LoopControl.open()
    loops = new LinuxLoopDevices(control)
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
    await removeAdded(control)
    await control[Symbol.asyncDispose]()
  })

  const makeImages = async (count: number): Promise<string[]> => {
    const images = Array.from({ length: count }, (_, index) => join(scratch.path, `image-${index}`))
    await Promise.all(images.map((image) => makeSparse(image, MiB)))
    return images
  }

  const detachAll = async (images: readonly string[]): Promise<void> => {
    await Promise.all(images.map((image) => loops.detach(image, never)))
    expect(await devicesOf(scratch.path)).toEqual(new Map())
  }

  it(`are attached at once, ${MANY} of them, each to its image, and detached at once`, async () => {
    const images = await makeImages(MANY)
    const attached = await Promise.all(
      images.map(async (image): Promise<[device: string, image: string]> => {
        await using attachment = await loops.attach(image, { ...options, name: basename(image) }, never)
        return [attachment.device.path, image]
      }),
    )
    const devices = await devicesOf(scratch.path)
    expect(new Set(devices)).toEqual(new Set(attached))
    expect(new Set(devices.values())).toEqual(new Set(images))
    await detachAll(images)
  })

  it('are attached by several processes while their numbers are taken, added and removed', async () => {
    const images = await makeImages(64)
    const lists = [0, 1, 2, 3].map((part) => images.filter((_, index) => index % 4 === part))
    const range = { FREE_NUMBERS: `${numbers.at(0)}-${numbers.at(-1)}` }
    const removing = new AbortController()
    const removed = removeAnyFree(control, removing.signal)
    const results = await raceToAttach(lists, withHook('churned-numbers-hook.ts', range)).finally(() => {
      removing.abort()
    })
    expect(await removed).toBeGreaterThan(0)
    const devices = await devicesOf(scratch.path)
    expect(results.flat().map((path) => devices.get(path) ?? path)).toEqual(lists.flat())
    expect(devices.size).toBe(images.length)
    await detachAll(images)
  })
})

/** Removes free devices of the numbers, over and over. @returns how many */
async function removeAnyFree(control: LoopControl, signal: AbortSignal): Promise<number> {
  let removed = 0
  while (!signal.aborted) {
    for (const number of numbers) if (await isRemoved(control, number)) removed++
    await setImmediate()
  }
  return removed
}

async function isRemoved(control: LoopControl, number: number): Promise<boolean> {
  try {
    await control.remove(number)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENODEV', 'EBUSY')) return false
    throw error
  }
}

/** A process that lost the race against a removal may have made the device node again. */
async function removeAdded(control: LoopControl): Promise<void> {
  await eventually('the added devices are removed', async () => {
    for (const number of numbers) await isRemoved(control, number)
    expect((await existingNumbers()).filter((number) => numbers.includes(number))).toEqual([])
  })
  for (const number of numbers) await rm(`/dev/loop${number}`, { force: true })
}
