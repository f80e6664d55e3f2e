import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LO_FLAGS_AUTOCLEAR } from '../../../src/linux/abi/loop.ts'
import { clrFd } from '../../../src/linux/loop/device.ts'
import { describeRoot } from '../../root.ts'
import { Scratch } from '../../scratch.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSparse } from '../../support/images.ts'
import { IoctlDevice } from '../../support/ioctl-device.ts'
import { tool } from '../../tool.ts'

describeRoot('a loop device with autoclear', () => {
  let scratch: Scratch
  let image: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    image = join(scratch.path, 'image')
    await makeSparse(image, 16 << 20)
  })

  afterEach(() => scratch[Symbol.asyncDispose]())

  const attach = (flags = LO_FLAGS_AUTOCLEAR): Promise<IoctlDevice> => IoctlDevice.attach(image, { flags })

  /** udev, and a scan of another test, have a device open for a moment. */
  const expectDetached = (loop: IoctlDevice): Promise<void> =>
    eventually('it is detached', async () => {
      await Promise.resolve()
      expect(loop.isAttached()).toBe(false)
    })

  it('is detached by the last close, whichever that is', async () => {
    const loop = await attach()
    const others = [await open(loop.path, 'r'), await open(loop.path, 'r+')]
    await loop.handle.close()
    for (const other of others) {
      expect(loop.isAttached()).toBe(true)
      await other.close()
    }
    await expectDetached(loop)
  })

  it('is detached by the last close also when that was set later, and not when it was taken back', async () => {
    const loop = await attach(0)
    await loop.set({ flags: LO_FLAGS_AUTOCLEAR })
    await loop.set({ flags: 0 })
    await loop.handle.close()
    expect(loop.isAttached()).toBe(true)
    {
      await using handle = await open(loop.path, 'r')
      expect(loop.isAttached()).toBe(true)
      await clrFd(handle.fd)
    }
    await expectDetached(loop)
  })

  it('is what LOOP_CLR_FD makes of a device that others have open, which succeeds', async () => {
    const loop = await attach(0)
    await using other = await open(loop.path, 'r')
    await clrFd(loop.fd)
    expect(await loop.status()).toMatchObject({ flags: LO_FLAGS_AUTOCLEAR })
    await loop.handle.close()
    expect(loop.isAttached()).toBe(true)
    await other.close()
    await expectDetached(loop)
  })

  it('stays attached while it is mounted, and while a file of a lazy unmount is open', async () => {
    const loop = await attach()
    const directory = join(scratch.path, 'mounted')
    await tool('mkfs.ext4', '-q', loop.path)
    await mkdir(directory)
    await tool('mount', loop.path, directory)
    await loop.handle.close()
    const file = await open(join(directory, 'file'), 'w')
    await tool('umount', '--lazy', directory)
    await file.write('kept')
    expect(loop.isAttached()).toBe(true)
    await file.close()
    await expectDetached(loop)
  })

  it('stays attached while another device is on top of it', async () => {
    const loop = await attach()
    const above = await IoctlDevice.attach(loop.path, { flags: LO_FLAGS_AUTOCLEAR })
    await loop.handle.close()
    expect(loop.isAttached()).toBe(true)
    await above.handle.close()
    await expectDetached(loop)
  })
})
