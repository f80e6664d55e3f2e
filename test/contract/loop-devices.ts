import { rename, truncate } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { AttachOptions, LoopDevice, LoopDevices } from '../../src/volumes/model/ports/loop-devices.ts'
import { Scratch } from '../scratch.ts'
import { eventually } from '../support/eventually.ts'
import { makeSparse } from '../support/images.ts'

const signal = new AbortController().signal
const MiB = 1 << 20
const plain: AttachOptions = {
  name: 'a-volume',
  readOnly: false,
  autoclear: false,
  directIo: 'auto',
  sectorBytes: 512,
}

export interface Subject {
  readonly loops: LoopDevices
  /** What another program does that opens a device. */
  readonly use: (device: LoopDevice) => Promise<AsyncDisposable>
}

/** What every LoopDevices does: run on the fake and on the kernel. */
export function loopDevicesContract(make: () => Promise<Subject>): void {
  let loops: LoopDevices
  let use: Subject['use']
  let scratch: Scratch
  let image: string

  beforeEach(async () => {
    ;({ loops, use } = await make())
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
    await makeSparse(image, 4 * MiB)
  })

  afterEach(async () => {
    await loops.detach(image, signal).catch(() => undefined)
    await scratch[Symbol.asyncDispose]()
  })

  async function attach(options: Partial<AttachOptions> = {}, file = image) {
    await using attachment = await loops.attach(file, { ...plain, ...options }, signal)
    return attachment.device
  }

  /** udev has a device open for a moment that was attached. */
  const expectFree = (): Promise<void> =>
    eventually('the device is free', async () => {
      expect(await loops.find(image)).toBeUndefined()
    })

  it('returns the device until it is detached', async () => {
    expect(await loops.find(image)).toBeUndefined()
    const device = await attach()
    expect(await loops.find(image)).toMatchObject({
      device,
      name: 'a-volume',
      readOnly: false,
      autoclear: false,
      sizeBytes: BigInt(4 * MiB),
    })
    await loops.detach(image, signal)
    expect(await loops.find(image)).toBeUndefined()
  })

  it('never attaches an image twice', async () => {
    await attach()
    await expect(attach()).rejects.toMatchObject({ kind: 'failed-precondition' })
    await expect(attach({ readOnly: true })).rejects.toMatchObject({ kind: 'failed-precondition' })
  })

  it('attaches again after a detach', async () => {
    await attach()
    await loops.detach(image, signal)
    await attach({ readOnly: true })
    expect(await loops.find(image)).toMatchObject({ readOnly: true })
  })

  it('frees a device with autoclear after its last use', async () => {
    {
      await using _attachment = await loops.attach(image, { ...plain, autoclear: true }, signal)
      expect(await loops.find(image)).toMatchObject({ autoclear: true })
    }
    await expectFree()
  })

  it('frees a device with autoclear after the last of several uses', async () => {
    const attachment = await loops.attach(image, { ...plain, autoclear: true }, signal)
    {
      await using _other = await use(attachment.device)
      await attachment[Symbol.asyncDispose]()
      expect(await loops.find(image)).toMatchObject({ device: attachment.device })
    }
    await expectFree()
  })

  it('does not detach an open device', async () => {
    {
      await using _attachment = await loops.attach(image, plain, signal)
      await expect(loops.detach(image, AbortSignal.timeout(6000))).rejects.toMatchObject({
        kind: 'failed-precondition',
      })
    }
  })

  it('detaches nothing where nothing is attached', async () => {
    await expect(loops.detach(image, signal)).resolves.toBeUndefined()
  })

  it('fails for an image that is missing', async () => {
    await expect(attach({}, `${image}-missing`)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(loops.find(`${image}-missing`)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('grows the device after its image', async () => {
    const device = await attach()
    await truncate(image, 8 * MiB)
    await loops.resize(device)
    expect(await loops.find(image)).toMatchObject({ sizeBytes: BigInt(8 * MiB) })
  })

  it('keeps the size of the device until it is resized, then follows its image in both directions', async () => {
    const device = await attach()
    for (const bytes of [2 * MiB, 6 * MiB]) {
      const before = await loops.find(image)
      await truncate(image, bytes)
      expect(await loops.find(image)).toEqual(before)
      await loops.resize(device)
      expect(await loops.find(image)).toMatchObject({ sizeBytes: BigInt(bytes) })
    }
  })

  it.each([
    [MiB + 100, MiB],
    [MiB + 512, MiB + 512],
    [100, 0],
  ])(
    'leaves out an incomplete sector: an image of %i bytes makes a device of %i',
    async (bytes, sizeBytes) => {
      await truncate(image, bytes)
      await attach()
      expect(await loops.find(image)).toMatchObject({ sizeBytes: BigInt(sizeBytes) })
    },
  )

  it('attaches an image once when several calls attach it at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => attach()))
    const failed = results.filter((result) => result.status === 'rejected')
    expect(failed).toHaveLength(7)
    for (const { reason } of failed) expect(reason).toMatchObject({ kind: 'failed-precondition' })
    expect(await loops.find(image)).toBeDefined()
  })

  it('attaches many images at once to a device each', async () => {
    const images = Array.from({ length: 16 }, (_, index) => `${image}-${index}`)
    await Promise.all(images.map((path) => makeSparse(path, MiB)))
    const devices = await Promise.all(images.map((path) => attach({}, path)))
    expect(new Set(devices.map(({ number }) => number)).size).toBe(images.length)
    const found = await Promise.all(images.map((path) => loops.find(path)))
    expect(found.map((state) => state?.device)).toEqual(devices)
    for (const path of images) await loops.detach(path, signal)
  })

  it('does not take the file that replaced an image for the image', async () => {
    const name = `${basename(scratch.path)}-old`
    const before = await attach({ name })
    await makeSparse(`${image}-new`, 2 * MiB)
    await rename(`${image}-new`, image)
    expect(await loops.find(image)).toBeUndefined()
    const after = await attach()
    expect(after).not.toEqual(before)
    expect(await loops.find(image)).toMatchObject({ device: after, sizeBytes: BigInt(2 * MiB) })
    await loops.detachNamed(name, signal)
    expect(await loops.find(image)).toMatchObject({ device: after })
  })

  it('attaches nothing but files and devices', async () => {
    await expect(attach({}, scratch.path)).rejects.toMatchObject({ kind: 'failed-precondition' })
  })

  it('refuses a name that does not fit', async () => {
    await attach({ name: 'x'.repeat(63) })
    await loops.detach(image, signal)
    await expect(attach({ name: 'ä'.repeat(32) })).rejects.toBeInstanceOf(RangeError)
    expect(await loops.find(image)).toBeUndefined()
  })

  it('puts a read-only device on top of another, which cannot be detached meanwhile', async () => {
    const below = await attach()
    const above = await attach({ readOnly: true, directIo: 'off' }, below.path)
    expect(await loops.find(below.path)).toMatchObject({
      device: above,
      readOnly: true,
      sizeBytes: BigInt(4 * MiB),
    })
    await loops.detach(below.path, signal)
    expect(await loops.find(below.path)).toBeUndefined()
    expect(await loops.find(image)).toMatchObject({ device: below })
  })

  it('ignores devices of other names on top of a device, and detaches all of them with it', async () => {
    const below = await attach()
    await attach({ name: 'of somebody else', readOnly: true, directIo: 'off' }, below.path)
    expect(await loops.find(below.path)).toBeUndefined()
    await loops.detach(below.path, signal)
    await loops.detachWithAbove(image, signal)
    expect(await loops.find(image)).toBeUndefined()
  })

  it('detaches the device of a deleted image by name, and the devices on top of it', async () => {
    const name = basename(scratch.path)
    const below = await attach({ name })
    await attach({ name, readOnly: true, directIo: 'off' }, below.path)
    await rename(image, `${image}-moved`)
    expect(await loops.findNamed(name)).toMatchObject([{ device: below, name }])
    expect(await loops.findNamed(`${name}-not`)).toEqual([])
    await loops.detachNamed(`${name}-not`, signal)
    expect(await loops.find(below.path)).toBeDefined()
    await loops.detachNamed(name, signal)
    expect(await loops.findNamed(name)).toEqual([])
    await rename(`${image}-moved`, image)
    expect(await loops.find(image)).toBeUndefined()
  })

  it('reports whether direct I/O is in effect', async () => {
    await using attachment = await loops.attach(image, { ...plain, directIo: 'off' }, signal)
    expect(attachment.directIo).toBe(false)
    expect(await loops.find(image)).toMatchObject({ directIo: false })
  })

  it('turns direct I/O off and, where the file system can do it, on', async () => {
    const device = await attach()
    for (const on of [false, true]) {
      const directIo = await loops.setDirectIo(device, on)
      expect(await loops.find(image)).toMatchObject({ device, directIo })
      if (!on) expect(directIo).toBe(false)
    }
  })

  it('does nothing for a cancelled call', async () => {
    await expect(loops.attach(image, plain, AbortSignal.abort())).rejects.toThrow()
    expect(await loops.find(image)).toBeUndefined()
  })
}
