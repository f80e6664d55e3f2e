import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { OpenFileSystem } from '../../../../../src/volumes/model/ports/mounts.ts'
import { gatedPorts, type PoolPorts } from '../../../../../src/volumes/pool/gate/gated-ports.ts'
import { Gates } from '../../../../../src/volumes/pool/gate/gates.ts'
import { makeFakeMachine } from '../../../../fakes/machine.ts'
import { never, noLimits } from '../../world.ts'

/** For four turns: two for flushes, a third one for freezes. */
const THREADS = 24

const refused = { reason: 'PoolNotAnswering', kind: 'unavailable' }

describe('an open file system, at the gate of its pool', () => {
  let directory: string
  let machine: ReturnType<typeof makeFakeMachine>
  let gated: PoolPorts
  let gates: Gates
  let hung: PromiseWithResolvers<undefined>
  /** Devices whose flushes and freezes wait for `hung`. */
  let hanging: Set<string>
  /** Devices whose flush or freeze has begun. */
  let begun: string[]
  let doesAnswer: boolean

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    machine = makeFakeMachine()
    hung = Promise.withResolvers()
    hanging = new Set()
    begun = []
    doesAnswer = true
    machine.mounts.onFlush = machine.mounts.onFreeze = (source) => {
      begun.push(source)
      return hanging.has(source) ? hung.promise : undefined
    }
    gates = new Gates([{ name: 'slow', path: directory, limits: noLimits }], {
      threads: THREADS,
      patienceMs: 20,
      probe: () => (doesAnswer ? Promise.resolve() : hung.promise),
      fileSystemId: () => Promise.resolve(1),
    })
    gated = gatedPorts(machine, gates)
  })

  afterEach(async () => {
    hung.resolve(undefined)
    await rm(directory, { recursive: true })
  })

  /** Of volumes of the pool, with devices from `/dev/loop0` on. */
  async function openSome(count: number): Promise<OpenFileSystem[]> {
    const opened: OpenFileSystem[] = []
    for (let number = 0; number < count; number++) {
      const image = join(directory, `${number}.img`)
      await writeFile(image, '')
      const options = {
        name: `v${number}`,
        readOnly: false,
        autoclear: true,
        directIo: 'off',
        sectorBytes: 512,
      } as const
      await using attachment = await gated.loops.attach(image, options, never)
      const source = attachment.device.path
      await gated.mounts.mount({ source, target: directory, fsType: 'ext4', options: [] })
      const fileSystem = await gated.mounts.openFileSystem(attachment.device)
      if (fileSystem) opened.push(fileSystem)
    }
    return opened
  }

  const hang = (...numbers: number[]) => {
    for (const number of numbers) hanging.add(`/dev/loop${number}`)
  }

  it('is flushed in half of the turns, while other calls go on', async () => {
    const opened = await openSome(5)
    hang(0, 1, 2, 3, 4)
    const flushes = opened.map((fileSystem) => fileSystem.flush())
    expect(await gated.files.size(join(directory, '0.img'))).toMatchObject({ logical: 0n })
    expect(begun).toEqual(['/dev/loop0', '/dev/loop1'])
    hung.resolve(undefined)
    await Promise.all(flushes)
    expect(begun).toHaveLength(5)
  })

  it('is neither flushed nor frozen when the signal fires before its turn', async () => {
    const [a, b, c, d, e] = await openSome(5)
    hang(0, 1, 2)
    const running = Promise.all([a?.flush(), b?.flush(), c?.freeze()])
    const stop = new AbortController()
    const waiting = [d?.flush(stop.signal), e?.freeze(stop.signal)]
    stop.abort(new Error('stopped'))
    for (const call of waiting) await expect(call).rejects.toThrow('stopped')
    hung.resolve(undefined)
    await running
    expect(begun).toEqual(['/dev/loop0', '/dev/loop1', '/dev/loop2'])
    expect(machine.mounts.frozen).toEqual(new Set(['/dev/loop2']))
    expect(gates.of('slow').underWay).toBe(0)
  })

  it('is frozen although flushes hang, and holds no turn while it is frozen', async () => {
    const opened = await openSome(12)
    hang(0, 1)
    const flushes = opened.slice(0, 3).map((fileSystem) => fileSystem.flush())
    const group = opened.slice(2)
    for (const fileSystem of group) await fileSystem.freeze()
    expect(machine.mounts.frozen.size).toBe(group.length)
    expect(await Promise.all(group.map((fileSystem) => fileSystem.thaw()))).toEqual(group.map(() => true))
    hung.resolve(undefined)
    await Promise.all(flushes)
  })

  it('ends a freeze that has begun before the pool stopped answering, and is thawed without a turn', async () => {
    const [frozen, a, b, c, waiting] = await openSome(5)
    await frozen?.freeze()
    hang(1, 2, 3)
    doesAnswer = false
    const answersAgain = Promise.withResolvers<undefined>()
    gates.of('slow').watch(
      () => undefined,
      () => {
        answersAgain.resolve(undefined)
      },
    )
    let ended = 0
    const freezes = Promise.all(
      [a, b, c].map(async (fileSystem) => {
        await fileSystem?.freeze()
        ended++
      }),
    )
    await expect(waiting?.freeze()).rejects.toMatchObject(refused)
    await expect(waiting?.flush()).rejects.toMatchObject(refused)
    expect(await frozen?.thaw()).toBe(true)
    await setImmediate()
    expect(ended).toBe(0)
    hung.resolve(undefined)
    await freezes
    expect(machine.mounts.frozen).toEqual(new Set(['/dev/loop1', '/dev/loop2', '/dev/loop3']))
    await answersAgain.promise
    expect(gates.of('slow').problem).toBeUndefined()
  })
})
