import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { existingNumbers, isAttached } from '../../../src/linux/loop/inventory.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { commandLine, type CommandResult } from '../../support/command-line.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSparse } from '../../support/images.ts'
import { tool } from '../../tool.ts'

/** With loop.max_part=31, a kernel has 32,768 numbers. Who wants any free device gets the lowest. */
const NUMBER = 30_000 + (process.pid % 2000)
const DEVICE = `/dev/loop${NUMBER}`

const run = (...args: string[]): Promise<CommandResult> => commandLine(['loop', ...args])
const succeeded = (stdout: string): CommandResult => ({ code: 0, stdout, stderr: '' })
const failed = (why: string): CommandResult => ({ code: 1, stdout: '', stderr: `csi-driver-loop: ${why}\n` })

/** Any process that attaches a device could get an added one, so no other test runs meanwhile. */
describeRoot('csi-driver-loop loop add, remove and get-free', () => {
  let scratch: Scratch

  beforeEach(async () => {
    scratch = await Scratch.make()
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
    if ((await existingNumbers()).includes(NUMBER)) await remove()
  })

  /** udev opens each new device for a moment. */
  const remove = (...options: string[]): Promise<CommandResult> =>
    eventually('it is removed', async () => {
      const result = await run('remove', DEVICE, ...options)
      expect(result.stderr).not.toMatch('EBUSY')
      return result
    })

  it('add makes the device of a number once', async () => {
    expect(await run('add', `${NUMBER}`)).toEqual(succeeded(`${DEVICE}\n`))
    expect(await existingNumbers()).toContain(NUMBER)
    expect(await run('add', DEVICE)).toEqual(failed(`EEXIST: ${DEVICE} exists already`))
  })

  it('remove ends the device of a number once', async () => {
    expect(JSON.parse((await run('add', '--json', DEVICE)).stdout)).toEqual({ device: DEVICE })
    expect(JSON.parse((await remove('--json')).stdout)).toEqual({ removed: DEVICE })
    expect(await existingNumbers()).not.toContain(NUMBER)
    expect(await run('remove', `${NUMBER}`)).toEqual(failed(`ENODEV: there is no ${DEVICE}`))
  })

  it('remove leaves an attached device alone', async () => {
    const image = join(scratch.path, 'image')
    await makeSparse(image, 1 << 20)
    await run('add', DEVICE)
    await tool('losetup', DEVICE, image)
    const why = `EBUSY: ${DEVICE} is attached to a file or open; detach it first`
    expect(await run('remove', DEVICE)).toEqual(failed(why))
    expect(isAttached(NUMBER)).toBe(true)
    await tool('losetup', '--detach', DEVICE)
  })

  it('get-free names a free device', async () => {
    const { code, stdout } = await run('get-free')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\/dev\/loop\d+\n$/)])
    const number = Number(stdout.trim().replace('/dev/loop', ''))
    expect(await existingNumbers()).toContain(number)
    expect(isAttached(number)).toBe(false)
    expect(JSON.parse((await run('get-free', '--json')).stdout)).toEqual({
      device: expect.stringMatching(/^\/dev\/loop\d+$/),
    })
  })
})
