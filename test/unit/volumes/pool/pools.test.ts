import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ImageFiles } from '../../../../src/volumes/model/ports/image-files.ts'
import { LinuxImageFiles } from '../../../../src/linux/images/image-files.ts'
import { StorageHealth } from '../../../../src/volumes/health/storage-health.ts'
import { notRead } from '../../../../src/volumes/pool/files/directory.ts'
import { KnownPools } from '../../../../src/volumes/pool/files/pool-identity.ts'
import { gatedPorts } from '../../../../src/volumes/pool/gate/gated-ports.ts'
import { Gates, type GatesOptions } from '../../../../src/volumes/pool/gate/gates.ts'
import { PoolUnreachableError } from '../../../../src/volumes/pool/gate/unreachable.ts'
import { ImageMounts, PrivateMounts } from '../../../../src/volumes/pool/image/image-mounts.ts'
import type { Pool } from '../../../../src/volumes/pool/pool.ts'
import { Pools } from '../../../../src/volumes/pool/pools.ts'
import { FakeErrno } from '../../../fakes/errno.ts'
import { FakeFileSystems } from '../../../fakes/filesystems.ts'
import { WatchedCopier } from '../../../fakes/image-copier.ts'
import { FakeLoopDevices } from '../../../fakes/loop-devices.ts'
import { FakeMounts } from '../../../fakes/mounts.ts'
import { RecordingObserver } from '../../../fakes/observer.ts'
import { eventually } from '../../../support/eventually.ts'
import { startHolding } from '../../../support/holding.ts'
import { noLimits, silent } from '../world.ts'

describe('Pools', () => {
  let directory: string
  let disk: string
  let known: KnownPools
  /** What is done with pools when they are opened, and whether they could be seen then. */
  let log: string[]

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    disk = join(directory, 'disk')
    known = new KnownPools(join(directory, 'known-pools'))
    log = []
  })

  afterEach(() => rm(directory, { recursive: true }))

  const named = (pools: readonly Pool[]): string => pools.map(({ name }) => name).join(' and ')

  /** What the thaw of each pool does. */
  let thawing: (pool: string, gates: Gates) => Promise<void>

  beforeEach(() => {
    thawing = () => Promise.resolve()
  })

  const thawWith =
    (gates: Gates) =>
    async (pools: readonly Pool[], areAll: boolean): Promise<void> => {
      log.push(`thaw ${named(pools)}${areAll ? ', all' : ''}`)
      await thawing(pools.at(-1)?.name ?? '', gates)
    }

  /** Locks a directory; tests let it hang. */
  let lock: ImageFiles['lock']

  beforeEach(() => {
    const files = new LinuxImageFiles()
    lock = (path) => files.lock(path)
  })

  const open = async (answers: GatesOptions = answering, stopping?: AbortSignal) => {
    const configs = [
      { name: 'away', path: join(disk, 'loop'), limits: noLimits },
      { name: 'here', path: join(directory, 'here'), limits: noLimits },
    ]
    const gates = new Gates(configs, answers)
    const mounts = new FakeMounts()
    const gated = gatedPorts(
      {
        files: Object.assign(new LinuxImageFiles(), { lock: (path: string) => lock(path) }),
        loops: new FakeLoopDevices(),
        fileSystems: new FakeFileSystems(),
        copier: new WatchedCopier([]),
        mounts,
      },
      gates,
    )
    const privateMounts = new PrivateMounts(mounts, join(directory, 'mounts'))
    const images = new ImageMounts({ ...gated, log: silent, privateMounts })
    const observer = new RecordingObserver()
    const on = { files: gated.files, images, known, gates, observer, log: silent, thaw: thawWith(gates) }
    const pools = await Pools.open(configs, on, stopping)
    return {
      pools,
      gates,
      health: new StorageHealth(pools),
      [Symbol.asyncDispose]: () => pools[Symbol.asyncDispose](),
    }
  }

  const closed = async () => {
    await using _opened = await open()
  }

  it('creates a new pool, and remembers it', async () => {
    await using opened = await open()
    expect(opened.pools.open.map(({ name }) => name)).toEqual(['away', 'here'])
    expect(opened.pools.unreachable.size).toBe(0)
    expect(await known.get('away')).toBe(opened.pools.open[0]?.id)
    expect(await opened.health.issues()).toEqual([])
  })

  const absences: [string, () => Promise<unknown>][] = [
    ['its disk is not mounted', () => rename(disk, `${disk}-away`)],
    ['the disk under it is not mounted, and its place is empty', () => emptyPlace(disk)],
  ]

  it.each(absences)('is not created again when %s', async (_, harm) => {
    await closed()
    await harm()
    await using opened = await open()
    expect(opened.pools.open.map(({ name }) => name)).toEqual(['here'])
    expect(await opened.health.issues()).toMatchObject([{ status: 'unreachable', reason: 'PoolNotMounted' }])
    // One of two: the driver is to go on.
    await opened.health.requireSomePool()
    expect(await readdir(disk, { recursive: true }).catch(() => [])).not.toContain('loop/pool.json')
  })

  it('continues with a pool that comes back', async () => {
    await closed()
    await rename(disk, `${disk}-away`)
    await using opened = await open()
    await rename(`${disk}-away`, disk)
    expect(await opened.health.issues()).toEqual([])
    expect(opened.pools.open.map(({ name }) => name)).toEqual(['away', 'here'])
  })

  it('checks each pool once for their health', async () => {
    await using opened = await open()
    const looks: string[] = []
    for (const pool of opened.pools.open) {
      const check = pool.check.bind(pool)
      pool.check = () => {
        looks.push(pool.name)
        return check()
      }
    }
    expect(await opened.health.requireSomePool()).toEqual([])
    expect(looks.sort()).toEqual(['away', 'here'])
  })

  it('sweeps a pool that comes back as at the start', async () => {
    await closed()
    await rename(disk, `${disk}-away`)
    log = []
    await using opened = await open()
    await opened.pools.sweepWith((pool) => {
      log.push(`sweep ${pool.name} of ${named(opened.pools.open)}`)
      return Promise.resolve()
    })
    await rename(`${disk}-away`, disk)
    await opened.health.issues()
    await opened.health.issues()
    expect(log).toEqual([
      'thaw here',
      'sweep here of here',
      'thaw here and away, all',
      'sweep away of away and here',
    ])
  })

  it('serves a pool that comes back even if its sweep fails', async () => {
    await closed()
    await rename(disk, `${disk}-away`)
    await using opened = await open()
    await opened.pools.sweepWith((pool) =>
      pool.name === 'away' ? Promise.reject(new Error('no luck')) : Promise.resolve(),
    )
    await rename(`${disk}-away`, disk)
    expect(await opened.health.issues()).toEqual([])
  })

  it('does not serve a pool in which something stays frozen', async () => {
    await closed()
    await rename(disk, `${disk}-away`)
    await using opened = await open()
    await rename(`${disk}-away`, disk)
    log.push = () => {
      throw new Error('no luck')
    }
    expect(await opened.health.issues()).toMatchObject([
      { status: 'unreachable', message: expect.stringContaining('no luck') },
    ])
    log = []
    expect(await opened.health.issues()).toEqual([])
  })

  /** While a pool cannot be read. */
  async function unreadable(work: () => Promise<void>): Promise<void> {
    const record = join(disk, 'loop', 'pool.json')
    await rename(record, `${record}.kept`)
    await mkdir(record)
    await work()
    await rmdir(record)
    await rename(`${record}.kept`, record)
  }

  it('opens a pool again that was unreadable for a while', async () => {
    await using opened = await open()
    const [before] = opened.pools.open
    await unreadable(async () => {
      expect(await opened.health.issues()).toMatchObject([
        { status: 'unreachable', reason: 'PoolUnreadable' },
      ])
      expect(named(opened.pools.open)).toBe('here')
    })
    expect(await opened.health.issues()).toEqual([])
    expect(opened.pools.open[0]).toMatchObject({ name: 'away', id: before?.id })
    expect(opened.pools.open[0]).not.toBe(before)
  })

  it('does not close a pool when this process lacks resources to check it', async () => {
    await using opened = await open()
    const before = opened.pools.open
    await withoutNewFiles(async () => {
      await expect(opened.pools.open[0]?.check()).rejects.toMatchObject({ code: 'EMFILE' })
      await opened.pools.retry()
    })
    expect(opened.pools.open).toEqual(before)
    expect(await opened.health.issues()).toEqual([])
  })

  it('tries a pool again that it could not open because this process lacked resources', async () => {
    await closed()
    await rename(disk, `${disk}-away`)
    await using opened = await open()
    await rename(`${disk}-away`, disk)
    await withoutNewFiles(() => opened.pools.retry())
    expect(named(opened.pools.open)).toBe('here')
    expect(await opened.health.issues()).toEqual([])
    expect(named(opened.pools.open)).toBe('away and here')
  })

  it.each(['EMFILE', 'ENFILE', 'ENOMEM', 'EINTR', 'EAGAIN'])(
    'does not take %s for a problem of the disk',
    (code) => {
      const error = notRead('here', '/here', new FakeErrno(code, 'open'))
      expect(error).not.toBeInstanceOf(PoolUnreachableError)
      expect(error).toMatchObject({ code })
    },
  )

  it.each(absences)('notices while it runs that %s', async (_, harm) => {
    await using opened = await open()
    await harm()
    expect(await opened.health.issues()).toMatchObject([{ status: 'unreachable', reason: 'PoolNotMounted' }])
  })

  it('distinguishes another pool from its own', async () => {
    await closed()
    await rm(join(disk, 'loop'), { recursive: true })
    await rename(join(directory, 'here'), join(disk, 'loop'))
    await using opened = await open()
    expect(opened.pools.open).toEqual([])
    expect(await opened.health.issues()).toMatchObject([
      { status: 'unreachable', reason: 'PoolReplaced' },
      { status: 'unreachable', reason: 'PoolNotMounted' },
    ])
    await expect(opened.health.requireSomePool()).rejects.toMatchObject({ kind: 'failed-precondition' })
  })

  it('recognizes a pool by its content when it is not a known one', async () => {
    await closed()
    const id = await known.get('away')
    await rm(join(directory, 'known-pools'), { recursive: true })
    await using opened = await open()
    expect(opened.pools.open[0]?.id).toBe(id)
  })

  const newer = '{"schemaVersion": 99}'
  const spoilt: [string, string, string, string, RegExp][] = [
    [
      'the pool.json is a newer driver’s',
      'disk/loop/pool.json',
      newer,
      'PoolOfNewerDriver',
      /schemaVersion 99, .*upgrade/,
    ],
    ['the pool.json is damaged', 'disk/loop/pool.json', '{"schemaVersion": 1}', 'PoolDamaged', /is damaged/],
    [
      'the note of it is a newer driver’s',
      'known-pools/away.json',
      newer,
      'PoolOfNewerDriver',
      /leave the file as it is/,
    ],
    ['the note of it is damaged', 'known-pools/away.json', '{', 'PoolDamaged', /cannot be read/],
    [
      'the note of it is of no version',
      'known-pools/away.json',
      '{"id": "x"}',
      'PoolDamaged',
      /cannot be read/,
    ],
  ]

  it.each(spoilt)('serves the others while %s', async (_, name, text, reason, message) => {
    await closed()
    const file = join(directory, name)
    const before = await readFile(file, 'utf8')
    await writeFile(file, text)
    await using opened = await open()
    expect(named(opened.pools.open)).toBe('here')
    expect(await opened.health.issues()).toEqual([
      { pool: 'away', status: 'unreachable', reason, message: expect.stringMatching(message) },
    ])
    expect(await readFile(file, 'utf8')).toBe(text)
    await writeFile(file, before)
    expect(await opened.health.issues()).toEqual([])
  })

  it('serves the others while another process has a pool, and continues with it later', async () => {
    await closed()
    const other = await new LinuxImageFiles().lock(join(disk, 'loop'))
    await using opened = await open()
    expect(named(opened.pools.open)).toBe('here')
    expect(await opened.health.issues()).toMatchObject([{ status: 'unreachable', reason: 'PoolInUse' }])
    await other?.[Symbol.asyncDispose]()
    expect(await opened.health.issues()).toEqual([])
  })

  it('is refused when other processes have all pools', async () => {
    await using _first = await open()
    await expect(open()).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: expect.stringMatching(/pool "away": .* is in use by another driver process/),
    })
  })

  it('serves the others while the opening of one hangs, and opens it again when its calls have returned', async () => {
    await closed()
    const stuck = Promise.withResolvers<undefined>()
    const files = new LinuxImageFiles()
    const attempts: string[] = []
    lock = async (path) => {
      attempts.push(path)
      if (path.startsWith(disk)) await stuck.promise
      return await files.lock(path)
    }
    await using opened = await open(impatient)
    expect(named(opened.pools.open)).toBe('here')
    expect(await opened.health.issues()).toMatchObject([
      { status: 'unreachable', reason: 'PoolNotAnswering' },
    ])
    expect(attempts).toHaveLength(2)
    stuck.resolve(undefined)
    await eventually('the pool is open', async () => {
      expect(await opened.health.issues()).toEqual([])
    })
    expect(named(opened.pools.open)).toBe('away and here')
  })

  it('opens a pool that has come back while the opening of another hangs', async () => {
    await closed()
    const here = join(directory, 'here')
    await Promise.all([disk, here].map((path) => rename(path, `${path}-away`)))
    await using opened = await open()
    await rename(`${disk}-away`, disk)
    const stuck = Promise.withResolvers<undefined>()
    const begun = Promise.withResolvers<undefined>()
    const files = new LinuxImageFiles()
    lock = async (path) => {
      if (path.startsWith(disk)) {
        begun.resolve(undefined)
        await stuck.promise
      }
      return await files.lock(path)
    }
    const retrial = opened.pools.retry()
    await begun.promise
    await rename(`${here}-away`, here)
    await eventually('the other pool is open', () => {
      void opened.pools.retry()
      expect(named(opened.pools.open)).toBe('here')
      return Promise.resolve()
    })
    stuck.resolve(undefined)
    await retrial
    expect(named(opened.pools.open)).toBe('away and here')
  })

  it('opens a pool again that answered while its opening failed', async () => {
    await closed()
    const stuck = Promise.withResolvers<undefined>()
    let attempts = 0
    thawing = async (pool, gates) => {
      if (pool !== 'away' || ++attempts > 1) return
      try {
        await gates.of(pool).limited(() => stuck.promise)
      } catch (error) {
        // Other volumes are thawed meanwhile.
        stuck.resolve(undefined)
        await eventually('the pool answers', () => {
          expect(gates.of(pool).problem).toBeUndefined()
          return Promise.resolve()
        })
        throw error
      }
    }
    await using opened = await open(impatient)
    await eventually('the pool is open', () => {
      expect(named(opened.pools.open)).toBe('away and here')
      return Promise.resolve()
    })
  })

  it('opens a pool again while its sweep waits for another pool', async () => {
    await closed()
    await rename(disk, `${disk}-away`)
    await using opened = await open(impatient)
    const slow = Promise.withResolvers<undefined>()
    const swept: Pool[] = []
    await opened.pools.sweepWith(async (pool) => {
      if (pool.name !== 'away') return
      swept.push(pool)
      await slow.promise
    })
    await rename(`${disk}-away`, disk)
    await opened.pools.retry()
    const [first] = opened.pools.open
    await unreadable(async () => {
      expect(await opened.health.issues()).toMatchObject([{ status: 'unreachable' }])
    })
    expect(await opened.health.issues()).toEqual([])
    const [second] = opened.pools.open
    expect(second).not.toBe(first)
    expect(swept).toEqual([first, second])
    slow.resolve(undefined)
  })

  it('does not sweep a pool whose opening ends while all are closed', async () => {
    await closed()
    await rename(disk, `${disk}-away`)
    const opened = await open()
    const swept: string[] = []
    await opened.pools.sweepWith((pool) => {
      swept.push(pool.name)
      return Promise.resolve()
    })
    await rename(`${disk}-away`, disk)
    const begun = Promise.withResolvers<undefined>()
    const slow = Promise.withResolvers<undefined>()
    thawing = async () => {
      begun.resolve(undefined)
      await slow.promise
    }
    const retrial = opened.pools.retry()
    await begun.promise
    const closing = opened[Symbol.asyncDispose]()
    slow.resolve(undefined)
    await Promise.all([retrial, closing])
    expect(swept).toEqual(['here'])
    await using unlocked = await new LinuxImageFiles().lock(join(disk, 'loop'))
    expect(unlocked).toBeDefined()
  })

  it('serves the others while the thaw of one hangs', async () => {
    await closed()
    const stuck = Promise.withResolvers<undefined>()
    const order: string[] = []
    thawing = async (pool, gates) => {
      if (pool === 'away') await gates.of(pool).limited(() => stuck.promise)
      else order.push(`thawed ${pool}`)
    }
    await using opened = await open(impatient)
    expect(order).toEqual(['thawed here'])
    expect(await opened.health.issues()).toMatchObject([
      { status: 'unreachable', reason: 'PoolNotAnswering' },
    ])
    stuck.resolve(undefined)
    await eventually('the pool is open', async () => {
      expect(await opened.health.issues()).toEqual([])
    })
  })

  it('ends the start at a signal while the opening of one hangs, and closes the others', async () => {
    await closed()
    const stopping = new AbortController()
    const files = new LinuxImageFiles()
    const stuck = Promise.withResolvers<undefined>()
    lock = async (path) => {
      if (!path.startsWith(disk)) return await files.lock(path)
      await stuck.promise
      return undefined
    }
    thawing = () => {
      stopping.abort(new Error('got SIGTERM'))
      return Promise.resolve()
    }
    await expect(open(answering, stopping.signal)).rejects.toThrow('got SIGTERM')
    await using unlocked = await files.lock(join(directory, 'here'))
    expect(unlocked).toBeDefined()
    stuck.resolve(undefined)
  })

  it('closes the other pools while a call of one does not return', async () => {
    const opened = await open()
    const stuck = Promise.withResolvers<undefined>()
    const call = opened.gates.of('away').run(() => stuck.promise)
    let isClosed = false
    const ended = opened[Symbol.asyncDispose]().then(() => (isClosed = true))
    const files = new LinuxImageFiles()
    await eventually('the other pool is unlocked', async () => {
      await using lock = await files.lock(join(directory, 'here'))
      expect(lock).toBeDefined()
    })
    expect(isClosed).toBe(false)
    void opened.pools.giveUp()
    await expect(call).rejects.toThrow(/pool "away": the driver is stopping/)
    await ended
    expect(await files.lock(join(disk, 'loop'))).toBeUndefined()
    stuck.resolve(undefined)
    // A process that ends does not do this.
    await eventually('the call has returned', async () => {
      expect(opened.gates.of('away').problem).toBeUndefined()
      await opened[Symbol.asyncDispose]()
    })
    await using unlocked = await files.lock(join(disk, 'loop'))
    expect(unlocked).toBeDefined()
  })

  it('does not start where something else is', async () => {
    await mkdir(join(disk, 'loop'), { recursive: true })
    await writeFile(join(disk, 'loop', 'precious.txt'), '')
    await expect(open()).rejects.toThrow(/not empty/)
    // Nothing is held: it can be tried again.
    await rm(join(disk, 'loop'), { recursive: true })
    await closed()
  })
})

/** File systems that always answer. */
const answering = { threads: 64, probe: () => Promise.resolve(), fileSystemId: () => Promise.resolve(1) }
const impatient = { ...answering, patienceMs: 20, openingStallMs: 1000 }

/** While this process may open no more files. */
async function withoutNewFiles(work: () => Promise<void>): Promise<void> {
  const limit = `prlimit --pid ${process.pid} --nofile`
  // It is there before, because to start it needs files.
  const script = `before=$(${limit} --noheadings --output SOFT); ${limit}=0:; echo; read _; ${limit}=$before:`
  await using _limited = await startHolding(['sh', '-c', script])
  await work()
}

async function emptyPlace(path: string): Promise<void> {
  await rename(path, `${path}-away`)
  await mkdir(join(path, 'loop'), { recursive: true })
}
