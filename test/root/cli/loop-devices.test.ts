import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { commandLine, type CommandResult } from '../../support/command-line.ts'
import { makeSparse } from '../../support/images.ts'
import { IoctlDevice } from '../../support/ioctl-device.ts'
import { autocleared, devicesOf } from '../../support/leftovers.ts'
import { tool } from '../../tool.ts'

const MiB = 1 << 20

describeRoot('csi-driver-loop loop attach, list and detach', () => {
  let scratch: Scratch
  let image: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    image = join(scratch.path, 'disk.img')
    await makeSparse(image, 8 * MiB)
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  const run = (...args: string[]): Promise<CommandResult> => commandLine(['loop', ...args])

  const refused = async (args: readonly string[], why: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await run(...args)
    expect([stdout, stderr]).toEqual(['', expect.stringMatching(why)])
    expect(code).toBe(1)
  }

  it.each<[string[], object]>([
    [[], { ro: false, autoclear: false, 'log-sec': 512 }],
    [
      ['--read-only', '--sector-size', '4096', '--direct-io', 'off'],
      { ro: true, dio: false, 'log-sec': 4096 },
    ],
  ])('attach with %j makes the device that losetup shows', async (options, expected) => {
    const { code, stdout, stderr } = await run('attach', image, ...options)
    expect([code, stderr]).toEqual([0, ''])
    const columns = 'NAME,SIZELIMIT,OFFSET,AUTOCLEAR,RO,BACK-FILE,DIO,LOG-SEC'
    const listed = await tool('losetup', '--json', '--list', '--output', columns, stdout.trim())
    const whole = { name: stdout.trim(), 'back-file': image, offset: 0, sizelimit: 0 }
    expect(JSON.parse(listed)).toMatchObject({ loopdevices: [{ ...whole, ...expected }] })
  })

  it('attach puts no second device on a file that losetup attached', async () => {
    const device = await scratch.attach(image)
    await refused(['attach', image], new RegExp(`disk.img is attached to ${device} already\n$`))
    expect(await devicesOf(scratch.path)).toEqual(new Map([[device, image]]))
  })

  it('attach --autoclear leaves nothing of a device that is not used', async () => {
    const { stdout } = await run('attach', image, '--autoclear', '--json')
    expect(JSON.parse(stdout)).toEqual({
      device: expect.stringMatching(/^\/dev\/loop\d+$/),
      directIo: expect.any(Boolean),
    })
    await autocleared(scratch.path)
    expect(await devicesOf(scratch.path)).toEqual(new Map())
  })

  it('list has the devices of other programs, with their names', async () => {
    await using loop = await IoctlDevice.attach(image, { mode: 'r', fileName: 'scratch-disk' })
    const { stdout } = await run('list', '--json')
    const { backingInode } = await loop.status()
    expect(JSON.parse(stdout)).toContainEqual({
      ...{ device: loop.path, name: 'scratch-disk', file: image, backingInode: `${backingInode}` },
      ...{ sizeBytes: 8 * MiB, readOnly: true, autoclear: false, directIo: false },
    })
    const line = (await run('list')).stdout.split('\n').find((row) => row.startsWith(`${loop.path} `))
    expect(line).toMatch(/ 8 MiB +ro +scratch-disk +\/.*\/disk\.img$/)
  })

  it.each<[string, (device: string) => string]>([
    ['path', (device) => device],
    ['number', (device) => device.replace('/dev/loop', '')],
  ])('detach detaches the device of a %s', async (_, name) => {
    const device = await scratch.attach(image)
    const { stdout } = await run('detach', '--json', name(device))
    expect(JSON.parse(stdout)).toEqual({ detached: device })
    expect(await devicesOf(scratch.path)).toEqual(new Map())
  })

  it('detach leaves a device alone that is in use', async () => {
    await using loop = await IoctlDevice.attach(image)
    await refused(['detach', loop.path], /\/dev\/loop\d+ is still open somewhere; it is not detached\n$/)
    expect(loop.isAttached()).toBe(true)
  })

  it.each<[string[], RegExp]>([
    [['attach', '/nonexistent/disk.img'], /ENOENT/],
    [['attach', '/dev/null', '--sector-size', '1000'], /must be 512 or 4096/],
    [['detach', '/dev/sda'], /must be \/dev\/loop<number>, or the number/],
    [['detach', '9999999'], /ENXIO: \/dev\/loop9999999 is not attached to a file/],
  ])('refuses %j', refused)
})
