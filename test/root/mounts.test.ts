import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { SystemCallError } from '../../src/linux/libc.ts'
import { mount, umount2 } from '../../src/linux/system-calls.ts'
import { mountFlags } from '../../src/linux/abi/mount.ts'
import { LinuxMounts } from '../../src/linux/mount/mounts.ts'
import { fileSystemUnder } from '../../src/linux/mountinfo/find-mount.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { tool } from '../tool.ts'

describeRoot('LinuxMounts', () => {
  const mounts = new LinuxMounts()
  let scratch: Scratch
  let device: string
  let target: string
  let elsewhere: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    device = await scratch.device(16n << 20n)
    await tool('mkfs.ext4', '-q', device)
    target = await scratch.directory('target')
    elsewhere = await scratch.directory('elsewhere')
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
  })

  const mountDevice = (...options: string[]) =>
    mounts.mount({ source: device, target, fsType: 'ext4', options })

  it('passes other options to the file system', async () => {
    await mountDevice('errors=remount-ro', 'nodev')
    expect((await mounts.at(target))?.options).toEqual(expect.arrayContaining(['errors=remount-ro', 'nodev']))
  })

  it("has the call and the kernel's answer in its error", async () => {
    const mounting = mountDevice('no-such-option')
    await expect(mounting).rejects.toMatchObject({ code: 'EINVAL', syscall: 'mount' })
    await expect(mounting).rejects.toThrow(
      `mount ${device} on ${target} (type ext4, flags 0x0, data no-such-option)`,
    )
  })

  it('knows a file system that is mounted again while its earlier mount is in use', async () => {
    await mountDevice()
    const [before, outside] = [await fileSystemUnder(join(target, 'loop')), await fileSystemUnder(elsewhere)]
    expect(before).not.toBe(outside)
    {
      await using _used = await open(target)
      await tool('umount', '--lazy', target)
      expect(await fileSystemUnder(target)).toBe(outside)
      await mountDevice()
      expect(await fileSystemUnder(join(target, 'loop'))).toBe(before)
    }
  })

  it.each(['a space', 'a\ttab', 'a\nnewline', 'a\\backslash', 'a#hash', 'täglich'])(
    'agrees with findmnt about a path with %j',
    async (name) => {
      const odd = await scratch.directory(name)
      await mounts.mount({ source: device, target: odd, fsType: 'ext4', options: [] })
      expect(await mounts.at(odd)).toMatchObject({ target: odd, source: device })
      const found = await tool('findmnt', '--json', '--output', 'TARGET,SOURCE', '--mountpoint', odd)
      expect(JSON.parse(found)).toEqual({ filesystems: [{ target: odd, source: device }] })
    },
  )

  describe.each([
    ['a read-only bind', mounts],
    ['a read-only bind of an old kernel', new LinuxMounts({ mount, umount2, bindReadOnly: notThere })],
  ])('%s', (_, mounts) => {
    it('cannot be written to, where its source can', async () => {
      await mountDevice()
      await mounts.bind(target, elsewhere, { readOnly: true })
      await writeFile(join(target, 'file'), 'text')
      expect(await readFile(join(elsewhere, 'file'), 'utf8')).toBe('text')
      await expect(writeFile(join(elsewhere, 'file'), '')).rejects.toMatchObject({ code: 'EROFS' })
    })

    it.each(['strictatime', 'relatime', 'noatime', 'noatime,nodiratime'])('keeps %s', async (option) => {
      await mountDevice(option)
      const atimeOptions = async (at: string) =>
        (await mounts.at(at))?.options.filter((name) => name.endsWith('atime'))
      const before = await atimeOptions(target)
      await mounts.bind(target, elsewhere, { readOnly: true })
      expect(await atimeOptions(elsewhere)).toEqual(before)
    })
  })

  it('undoes a read-only bind of an old kernel when it cannot be made read-only', async () => {
    const refused = new SystemCallError('mount', 1, 'remount')
    const refusing = new LinuxMounts({
      umount2,
      bindReadOnly: notThere,
      mount: (...args) => (args[3] & mountFlags.remount ? Promise.reject(refused) : mount(...args)),
    })
    await expect(refusing.bind(target, elsewhere, { readOnly: true })).rejects.toBe(refused)
    expect(await mounts.at(elsewhere)).toBeUndefined()
  })

  it('leaves nothing of a read-only bind that fails', async () => {
    const absent = join(elsewhere, 'absent')
    const binding = mounts.bind(target, absent, { readOnly: true })
    await expect(binding).rejects.toThrow(`bind ${target} read-only on ${absent}: ENOENT`)
    expect((await tool('findmnt', '--noheadings', '--output', 'TARGET')).includes(scratch.path)).toBe(false)
  })

  it('finds and unmounts a file system whose device has failed', async () => {
    await mountDevice()
    await writeFile(scratch.imageOf(device), '')
    expect(await mounts.at(target)).toMatchObject({ source: device })
    await mounts.unmount(target)
    expect(await mounts.at(target)).toBeUndefined()
  })
})

describeRoot('the loop device of a mount', () => {
  const mounts = new LinuxMounts()
  let scratch: Scratch
  let device: string
  let target: string
  let file: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    device = await scratch.device(128n << 20n)
    target = await scratch.directory('target')
    file = join(scratch.path, 'file')
    await writeFile(file, '')
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
  })

  const number = () => Number(/\d+$/.exec(device)?.[0])

  it.each(['ext4', 'xfs', 'btrfs'])('is known below %s', async (fsType) => {
    const options = fsType === 'xfs' ? ['--unsupported'] : []
    await tool(`mkfs.${fsType}`, '-q', ...options, device)
    await mounts.mount({ source: device, target, fsType, options: [] })
    expect((await mounts.at(target))?.loop).toEqual({ number: number(), as: 'file system' })
  })

  it('is not matched by a device node in another file system', async () => {
    await tool('mount', '-t', 'tmpfs', 'none', target)
    const node = join(target, `loop${number()}`)
    await tool('mknod', node, 'b', '7', `${number()}`)
    await mounts.bind(node, file, { readOnly: false })
    expect(await mounts.at(file)).toMatchObject({ root: `/loop${number()}`, loop: undefined })
  })

  it('is known when the bind-mounted device node is removed', async () => {
    const node = `/dev/${basename(scratch.path)}`
    await tool('mknod', node, 'b', '7', `${number()}`)
    try {
      await mounts.bind(node, file, { readOnly: false })
    } finally {
      await rm(node)
    }
    expect(await mounts.at(file)).toMatchObject({
      root: `/${basename(scratch.path)}//deleted`,
      loop: { number: number(), as: 'node' },
    })
  })
})

/** What a system call does that the kernel does not have. */
function notThere(): Promise<void> {
  const ENOSYS = 38
  return Promise.reject(new SystemCallError('open_tree', ENOSYS, 'bind'))
}
