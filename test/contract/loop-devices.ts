import { rename, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { AttachOptions, LoopDevices } from '../../src/volumes/model/ports/loop-devices.ts'
import { Scratch } from '../scratch.ts'

const signal = new AbortController().signal
const MiB = 1 << 20
const plain: AttachOptions = {
  name: 'a-volume',
  readOnly: false,
  autoclear: false,
  directIo: 'auto',
  sectorBytes: 512,
}

/** What every LoopDevices does: run on the fake and on the kernel. */
export function loopDevicesContract(make: () => Promise<LoopDevices>): void {
  let loops: LoopDevices
  let scratch: Scratch
  let image: string

  beforeEach(async () => {
    loops = await make()
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
    await writeFile(image, '')
    await truncate(image, 4 * MiB)
  })

  afterEach(async () => {
    await loops.detach(image, signal).catch(() => undefined)
    await scratch[Symbol.asyncDispose]()
  })

  async function attach(options: Partial<AttachOptions> = {}, file = image) {
    await using attachment = await loops.attach(file, { ...plain, ...options }, signal)
    return attachment.device
  }

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
    expect(await loops.find(image)).toBeUndefined()
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

  it('does nothing for a cancelled call', async () => {
    await expect(loops.attach(image, plain, AbortSignal.abort())).rejects.toThrow()
    expect(await loops.find(image)).toBeUndefined()
  })
}
