import { open, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { LinuxImageCopier } from '../../src/linux/images/image-copier.ts'
import { LinuxMounts } from '../../src/linux/mount/mounts.ts'
import { LinuxWriteTracer } from '../../src/linux/trace/write-trace.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { eventually } from '../support/eventually.ts'
import { Dice, expectEqual } from '../support/images.ts'
import { openOn } from '../support/open-filesystem.ts'
import { tool } from '../tool.ts'

const KIB = 1 << 10
const MIB = 1 << 20
const { signal } = new AbortController()

describeRoot('LinuxWriteTracer', () => {
  const copier = new LinuxImageCopier()
  const mounts = new LinuxMounts()
  let scratch: Scratch
  let tracer: LinuxWriteTracer
  let device: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    const opened = await LinuxWriteTracer.open(join(scratch.path, 'tracing'))
    if (!opened) throw new Error('the kernel of this machine does not let us trace; these tests need it')
    tracer = opened
    device = await scratch.device(256n << 20n)
  })

  afterEach(async () => {
    await tracer[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  async function write(offset: number, bytes: number): Promise<void> {
    await using file = await open(device, 'r+')
    await file.write(Buffer.alloc(bytes, 1), 0, bytes, offset)
    await file.sync()
  }

  it('lists what was written since the last call, in granules', async () => {
    await write(0, MIB)
    await using trace = await tracer.start({ number: 0, path: device })
    expect(await trace.changes()).toEqual([])
    await write(100 * MIB + 4 * KIB, 64 * KIB)
    await write(200 * MIB, 4 * KIB)
    expect(await trace.changes()).toEqual([
      { offset: 100n << 20n, length: 128n << 10n },
      { offset: 200n << 20n, length: 64n << 10n },
    ])
    expect(await trace.changes()).toEqual([])
  })

  it('lists what was discarded or zeroed, and not what was read', async () => {
    await using trace = await tracer.start({ number: 0, path: device })
    await tool('dd', `if=${device}`, 'of=/dev/null', 'bs=1M', 'iflag=direct')
    await tool('blkdiscard', '--offset', `${MIB}`, '--length', `${MIB}`, device)
    await tool('blkdiscard', '--zeroout', '--offset', `${9 * MIB}`, '--length', `${MIB}`, device)
    expect(await trace.changes()).toEqual([
      { offset: 1n << 20n, length: 1n << 20n },
      { offset: 9n << 20n, length: 1n << 20n },
    ])
  })

  it('does not report writes to other devices', async () => {
    await using trace = await tracer.start({ number: 0, path: device })
    device = await scratch.device(16n << 20n)
    await write(0, MIB)
    expect(await trace.changes()).toEqual([])
  })

  it('returns undefined when events were lost', async () => {
    await using trace = await tracer.start({ number: 0, path: device })
    const [instance = ''] = await instancesInUse()
    await tool('sh', '-c', `echo 0 > ${join(await tracing(), 'instances', instance, 'tracing_on')}`)
    await write(0, MIB)
    expect(await trace.changes()).toBeUndefined()
  })

  it('returns undefined when the device was attached again meanwhile', async () => {
    await using trace = await tracer.start({ number: 0, path: device })
    const image = scratch.imageOf(device)
    await tool('losetup', '--detach', device)
    // Another test can have had the number meanwhile.
    await eventually('attached anew', () => tool('losetup', device, image), { intervalMs: 50 })
    expect(await trace.changes()).toBeUndefined()
  })

  it('leaves nothing behind, and sweeps after processes that have ended', async () => {
    const trace = await tracer.start({ number: 0, path: device })
    const [instance] = await instancesInUse()
    await using other = await LinuxWriteTracer.open(join(scratch.path, 'tracing'))
    expect(other).toBeDefined()
    expect(await instances()).toContain(instance)
    await trace[Symbol.asyncDispose]()
    expect(await instances()).not.toContain(instance)
    const dead = `csi-driver-loop-dead-${process.pid}`
    await tool('mkdir', join(await tracing(), 'instances', dead))
    await (await LinuxWriteTracer.open(join(scratch.path, 'tracing')))?.[Symbol.asyncDispose]()
    expect(await instances()).not.toContain(dead)
  })

  it('is not affected by other processes that start and sweep at the same time', async () => {
    const path = join(scratch.path, 'other')
    const made = new Set<string>()
    const sweeping = async (): Promise<void> => {
      for (let round = 0; round < 30; round++) {
        const other = await LinuxWriteTracer.open(path)
        await other?.[Symbol.asyncDispose]()
      }
    }
    const tracing = async (): Promise<void> => {
      for (let round = 0; round < 60; round++) {
        // What is not read yet is taken for a left-over.
        const trace = await tracer.start({ number: 0, path: device }).catch(() => undefined)
        for (const instance of await instancesInUse()) made.add(instance)
        await trace?.[Symbol.asyncDispose]()
      }
    }
    await Promise.all([sweeping(), tracing()])
    expect(made.size).toBeGreaterThan(0)
    expect((await instances()).filter((name) => made.has(name))).toEqual([])
  })

  it.each(['ext4', 'xfs', 'btrfs'])('finds all differences of a copy, on %s', async (type) => {
    const dice = new Dice(3)
    device = await scratch.device(512n << 20n)
    const image = scratch.imageOf(device)
    await tool(`mkfs.${type}`, '-q', device)
    const mountPoint = await scratch.directory('mnt')
    await tool('mount', '-o', 'discard', device, mountPoint)
    await using fileSystem = await openOn(device)
    await using trace = await tracer.start({ number: 0, path: device })
    const target = join(scratch.path, 'target')
    await copier.copy(image, target, () => undefined, signal)
    for (let round = 0; round < 5; round++) {
      for (let change = 0; change < 30; change++) await churn(mountPoint, dice)
      await fileSystem.freeze()
      const changed = await trace.changes()
      await copier.updateWithin(image, target, changed ?? [], signal)
      await expectEqual(image, target)
      await fileSystem.thaw()
    }
  })

  async function churn(directory: string, dice: Dice): Promise<void> {
    const path = join(directory, `file-${dice.roll(10)}`)
    await using file = await open(path, 'a+')
    await file.truncate(dice.roll(4 * MIB))
    await file.write(Buffer.alloc(dice.roll(300 * KIB), dice.roll(256)))
    if (dice.roll(3) === 0) await file.sync()
    if (dice.roll(10) === 0) await setTimeout(20)
  }

  /** Where a witness sees the tracing. */
  async function tracing(): Promise<string> {
    const path = join(scratch.path, 'witness')
    if ((await scratch.directory('witness')) && (await mounts.at(path)) === undefined) {
      await tool('mount', '-t', 'tracefs', 'none', path)
    }
    return path
  }

  /** Those of all drivers on the machine. */
  async function instances(): Promise<string[]> {
    return readdir(join(await tracing(), 'instances'))
  }

  /** Those that this process reads from. */
  async function instancesInUse(): Promise<string[]> {
    const files = (await readdir('/proc/self/fd')).map((fd) =>
      readlink(`/proc/self/fd/${fd}`).catch(() => ''),
    )
    return (await Promise.all(files)).flatMap(
      (file) => /(csi-driver-loop-\w+)\/trace_pipe$/.exec(file)?.[1] ?? [],
    )
  }
})
