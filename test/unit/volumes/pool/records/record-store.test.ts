import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { Pool } from '../../../../../src/volumes/pool/pool.ts'
import { Ballast } from '../../../../../src/volumes/pool/files/ballast.ts'
import { Gate } from '../../../../../src/volumes/pool/gate/gate.ts'
import { RecordStore } from '../../../../../src/volumes/pool/records/record-store.ts'
import { volumeKind } from '../../../../../src/volumes/pool/records/record-kinds.ts'
import { FILES_AT_ONCE } from '../../../../../src/volumes/concurrency/side-by-side.ts'
import type { Volume } from '../../../../../src/volumes/model/volume.ts'
import { FakeErrno } from '../../../../fakes/errno.ts'
import { at } from '../../../../support/at.ts'
import { makeWorld, never, silent, type World } from '../../world.ts'

describe('RecordStore', () => {
  let world: World
  let volume: Volume

  beforeEach(async () => {
    world = await makeWorld()
    volume = await world.create('a')
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const path = (...names: string[]): string => join(world.config.path, 'volumes', ...names)
  const names = async (): Promise<string[]> => {
    await world.pool.volumes.settle()
    return readdir(path())
  }

  async function withNextPool(look: (pool: Pool) => unknown): Promise<void> {
    await world.pool[Symbol.asyncDispose]()
    await using pool = await Pool.open(world.config, world.files, silent)
    await look(pool)
  }

  it('sweeps with the space of the ballast when the disk has none', async () => {
    await mkdir(path('.x.new'))
    let times = 0
    const ballast = new Ballast(world.config.path, world.files)
    jest.spyOn(ballast, 'backing').mockImplementation((work) => (times++, work()))
    const pool = { ...world.config, ballast }
    const gate = new Gate({ pool: 'default', path: world.config.path })
    const store = await RecordStore.open(volumeKind, pool, gate, world.files, silent)
    await store.settle()
    expect(times).toBe(1)
    expect(await names()).toEqual([volume.id])
  })

  it('has no draft that was not committed', async () => {
    {
      await using draft = await world.pool.volumes.begin('x')
      await world.files.create(draft.image, 4096n, false, never)
      await draft.writeFreezeMarker([volume.id])
    }
    expect(await names()).toEqual([volume.id])
  })

  it('has the image and the record when committed, and no freeze marker', async () => {
    const made = { ...volume, id: volume.id.replace(/^./, '0') as Volume['id'] }
    {
      await using draft = await world.pool.volumes.begin(made.id)
      await world.files.create(draft.image, made.capacityBytes, false, never)
      await draft.writeFreezeMarker([volume.id])
      await world.pool.volumes.commit(draft, made)
    }
    expect((await readdir(path(made.id))).sort()).toEqual(['disk.img', 'volume.json'])
    await withNextPool((pool) => {
      expect(pool.volumes.get(made.id)).toEqual(made)
      expect(pool.volumes.frozen).toEqual([])
    })
  })

  it('does not treat a temporarily unreadable record as damaged', async () => {
    const { files } = world
    const size = files.size.bind(files)
    let failures = 2
    files.size = (path) => (failures-- > 0 ? Promise.reject(new FakeErrno('EMFILE', 'size')) : size(path))
    await withNextPool((pool) => {
      expect(failures).toBeLessThan(0)
      expect(pool.volumes.get(volume.id)).toEqual(volume)
      expect(pool.volumes.damaged.size).toBe(0)
    })
  })

  it.each(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR'])(
    'is not opened while %s keeps it from reading a record',
    async (code) => {
      await world.pool[Symbol.asyncDispose]()
      world.files.size = () => Promise.reject(new FakeErrno(code, 'size'))
      await expect(Pool.open(world.config, world.files, silent)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(path(volume.id)),
      })
    },
  )

  it('opens a bounded number of files at the same time', async () => {
    for (let number = 0; number < 100; number++) await world.create(`${number}`)
    const { files } = world
    const size = files.size.bind(files)
    let [now, most] = [0, 0]
    files.size = async (path) => {
      most = Math.max(most, ++now)
      await setImmediate()
      now--
      return size(path)
    }
    await withNextPool(async (pool) => {
      expect(pool.volumes.size).toBe(101)
      await pool.space.allocatable()
    })
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(FILES_AT_ONCE)
  })

  it('begins again over what a failed attempt could not remove', async () => {
    await mkdir(path('.x.new'))
    await writeFile(path('.x.new', 'disk.img'), 'old')
    await using draft = await world.pool.volumes.begin('x')
    await world.files.create(draft.image, 4096n, false, never)
    expect(await readdir(path('.x.new'))).toEqual(['disk.img'])
  })

  it('changes a record as one step, after its work', async () => {
    const changed: Volume = { ...volume, discard: 'online' }
    await world.pool.volumes.update(changed, async () => {
      expect(world.pool.volumes.get(volume.id)).toEqual(volume)
      expect(await readFile(path(volume.id, 'volume.json'), 'utf8')).toBe(volumeKind.encode(volume))
    })
    expect(world.pool.volumes.get(volume.id)).toEqual(changed)
    expect(await readFile(path(volume.id, 'volume.json'), 'utf8')).toBe(volumeKind.encode(changed))
  })

  it('keeps the record when its work fails', async () => {
    const changed: Volume = { ...volume, discard: 'online' }
    const fail = (): Promise<void> => Promise.reject(new Error('no luck'))
    await expect(world.pool.volumes.update(changed, fail)).rejects.toThrow('no luck')
    expect(world.pool.volumes.get(volume.id)).toEqual(volume)
    expect((await readdir(path(volume.id))).sort()).toEqual(['disk.img', 'volume.json'])
    await withNextPool((pool) => {
      expect(pool.volumes.get(volume.id)).toEqual(volume)
    })
  })

  it('changes a record that was prepared by its commit', async () => {
    const changed: Volume = { ...volume, discard: 'online' }
    {
      await using next = await world.pool.volumes.prepare(changed)
      expect(await names()).toHaveLength(2)
      expect(world.pool.volumes.get(volume.id)).toEqual(volume)
      expect(await readFile(path(volume.id, 'volume.json'), 'utf8')).toBe(volumeKind.encode(volume))
      await next.commit()
      expect(world.pool.volumes.get(volume.id)).toEqual(changed)
      expect(await readFile(path(volume.id, 'volume.json'), 'utf8')).toBe(volumeKind.encode(changed))
    }
    expect(await names()).toEqual([volume.id])
    await withNextPool((pool) => {
      expect(pool.volumes.get(volume.id)).toEqual(changed)
    })
  })

  it('has no change that was not committed', async () => {
    {
      await using _next = await world.pool.volumes.prepare({ ...volume, discard: 'online' })
    }
    expect(await names()).toEqual([volume.id])
    expect(world.pool.volumes.get(volume.id)).toEqual(volume)
  })

  it('keeps the record when its change cannot be committed', async () => {
    {
      await using next = await world.pool.volumes.prepare({ ...volume, discard: 'online' })
      await rename(path(volume.id), path('.away'))
      await expect(next.commit()).rejects.toMatchObject({ code: 'ENOENT' })
      await rename(path('.away'), path(volume.id))
    }
    expect(await names()).toEqual([volume.id])
    expect(world.pool.volumes.get(volume.id)).toEqual(volume)
  })

  it('does no work when there is no place for the record', async () => {
    let worked = false
    const work = (): Promise<void> => {
      worked = true
      return Promise.resolve()
    }
    await rm(path(), { recursive: true })
    await expect(world.pool.volumes.update(volume, work)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(worked).toBe(false)
  })

  it('counts an externally deleted record as deleted', async () => {
    await rm(path(volume.id), { recursive: true })
    await world.pool.volumes.remove(volume.id)
    expect(world.pool.volumes.get(volume.id)).toBeUndefined()
    await withNextPool((pool) => {
      expect(pool.volumes.size).toBe(0)
    })
  })

  it.each([
    ['nothing is', () => Promise.resolve()],
    ['another disk is', () => mkdir(path(), { recursive: true })],
  ])('keeps a record that cannot be removed because %s where the pool was', async (_, harm) => {
    await rename(world.config.path, `${world.config.path}-away`)
    await harm()
    await expect(world.pool.volumes.remove(volume.id)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(world.pool.volumes.get(volume.id)).toEqual(volume)
    await rm(world.config.path, { recursive: true, force: true })
    await rename(`${world.config.path}-away`, world.config.path)
    await world.pool.volumes.remove(volume.id)
    expect(await names()).toEqual([])
  })

  it('leaves nothing in the place of a change that a crash has interrupted', async () => {
    await world.pool.volumes.update(volume, async () => {
      const half = (await names()).filter((name) => name !== volume.id)
      expect(half).toEqual([`.${volume.id}.volume.json.new`])
      await cp(path(at(half, 0)), join(world.directory, 'half'))
    })
    await cp(join(world.directory, 'half'), path(`.${volume.id}.volume.json.new`))
    await withNextPool(async (pool) => {
      await pool.volumes.settle()
      expect(await readdir(path())).toEqual([volume.id])
      expect(pool.volumes.get(volume.id)).toEqual(volume)
    })
  })

  it('reads which volumes may be frozen from freeze markers, and keeps these until they are removed', async () => {
    await mkdir(path('.x.new'))
    await writeFile(path('.x.new', 'frozen'), 'one\ntwo')
    await mkdir(path('.y.deleted'))
    await writeFile(path('.y.deleted', 'frozen'), 'three')
    await mkdir(path('.z.new'))
    await writeFile(path('.file'), '')
    await withNextPool(async (pool) => {
      expect(pool.volumes.frozen.sort()).toEqual(['one', 'three', 'two'])
      expect(pool.volumes.repairs.sort()).toEqual(['draft', 'draft', 'draft', 'removal'])
      await pool.volumes.settle()
      expect((await names()).filter((name) => name.startsWith('.'))).toHaveLength(2)
      pool.volumes.removeFreezeMarkers()
      expect(pool.volumes.frozen).toEqual([])
    })
    expect(await names()).toEqual([volume.id])
  })

  it.each([
    ['no record', 'volume.json', undefined, /volume\.json/],
    ['a broken record', 'volume.json', '{', /JSON/],
    ['a short image', 'disk.img', '', /the image has 0 bytes/],
  ])('says what is wrong with %s, and has the others', async (_, file, text, reason) => {
    const sound = await world.create('b')
    if (text === undefined) await rm(path(volume.id, file))
    else await writeFile(path(volume.id, file), text)
    await withNextPool((pool) => {
      expect(pool.volumes.values()).toEqual([sound])
      expect(pool.volumes.damaged.get(volume.id)?.message).toMatch(reason)
    })
  })
})
