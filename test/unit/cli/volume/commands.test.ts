import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { PoolView } from '../../../../src/cli/pool/commands.ts'
import type { VolumeView } from '../../../../src/cli/volume/view.ts'
import { makeWorld, MiB, writer, type World } from '../../volumes/world.ts'
import { machineOf, runCommand } from '../fake-machine.ts'

describe('commands for operators, on a machine of fakes', () => {
  let world: World

  beforeEach(async () => {
    world = await makeWorld()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const json = async <T>(...words: string[]): Promise<T> =>
    JSON.parse((await runCommand(world, [...words, '--json'])).stdout) as T

  const headOf = async (...words: string[]): Promise<string[]> =>
    (await runCommand(world, words)).stdout.split('\n')[0]?.split(/ +/) ?? []

  it('ls and df print volumes with their devices and mounts', async () => {
    const volume = await world.create('db')
    const { device, mountPoint } = await world.use(volume)
    for (const command of ['ls', 'df']) {
      expect(await json<VolumeView[]>('volume', command)).toMatchObject([
        { id: volume.id, name: 'db', devices: [{ path: device.path }], mounts: [{ target: mountPoint }] },
      ])
    }
    expect(await headOf('volume', 'ls')).toContain('STATUS')
    expect(await headOf('volume', 'df')).toContain('IUSE%')
  })

  it('show prints one volume, found by its name', async () => {
    const volume = await world.create('db')
    expect(await json('volume', 'show', 'db')).toMatchObject({ id: volume.id, snapshots: [] })
    expect((await runCommand(world, ['volume', 'show', 'db'])).stdout).toMatch(/^status: +unused$/m)
    expect(await runCommand(world, ['volume', 'show', 'web'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'csi-driver-loop: there is no volume "web" on this node',
    })
  })

  it('show and --json have the attributes of a volume', async () => {
    await world.create('db', writer, { directIO: 'off', discard: 'periodic' })
    const { stdout } = await runCommand(world, ['volume', 'show', 'db'])
    expect(stdout).toMatch(/^attributes: +thin, direct I\/O off, discard periodic/m)
    const attributes = { provisioning: 'thin', directIo: 'off', discard: 'periodic' }
    expect(await json('volume', 'show', 'db')).toMatchObject(attributes)
  })

  it('trim goes on to the last step, and refuses what is not mounted', async () => {
    const { mountPoint } = await world.use(await world.create('db'))
    world.mounts.trimmableBytes = 4n * MiB
    world.mounts.trimSteps = 2n
    const [result] = await json<{ trimmedBytes: number }[]>('volume', 'trim', 'db')
    expect(result?.trimmedBytes).toBeGreaterThan(0)
    expect(world.mounts.log.filter((line) => line.startsWith('trim '))).toEqual([
      `trim ${mountPoint}`,
      `trim ${mountPoint} from 1`,
    ])
    await world.create('web')
    expect((await runCommand(world, ['volume', 'trim', 'web'])).stderr).toMatch(/is not mounted here/)
  })

  it.each([
    [true, 0, /: clean \(.*\)\n {2}fine$/s],
    [false, 1, /: DAMAGED \(.*\)\n {2}bad$/s],
  ])('check reports by its output and exit code that clean is %s', async (isClean, code, output) => {
    const volume = await world.create('db')
    const machine = machineOf(world, { isClean, report: isClean ? 'fine' : 'bad' })
    const result = await runCommand(world, ['volume', 'check', volume.id], machine)
    expect([result.code, result.stdout]).toEqual([code, expect.stringMatching(output)])
    expect(await world.loops.find(world.catalog.image(volume))).toBeUndefined()
  })

  it('export copies an image that is not in use, and refuses another', async () => {
    const volume = await world.create('db')
    const output = join(world.directory, 'out.img')
    const { code } = await runCommand(world, ['volume', 'export', 'db', '--output', output])
    expect([code, (await readFile(output)).length]).toEqual([0, 16 * Number(MiB)])
    await world.use(volume)
    const refused = await runCommand(world, ['volume', 'export', 'db', '--output', `${output}.2`])
    expect(refused.stderr).toMatch(/is in use \(attached to \/dev\/loop0, mounted at .*make a snapshot of it/)
  })

  it('pool ls and pool df print the pools', async () => {
    await world.create('db')
    const pools = await json<PoolView[]>('pool', 'df')
    expect(pools.map(({ name, state, volumes }) => [name, state, volumes])).toEqual([
      ['default', 'ready', 1],
      ['other', 'ready', 0],
    ])
    expect(pools[0]?.space?.promisedBytes).toBe(16 * Number(MiB))
    expect(await headOf('pool', 'ls')).toContain('DAMAGED')
  })

  it('pool ls shows as unknown what an unreachable pool has', async () => {
    await rename(world.otherConfig.path, `${world.otherConfig.path}.away`)
    const unknown = { volumes: null, snapshots: null, damaged: null, space: null }
    expect(await json<PoolView[]>('pool', 'ls')).toMatchObject([
      { name: 'default', volumes: 0, snapshots: 0, damaged: 0 },
      { name: 'other', state: 'unreachable', ...unknown },
    ])
    const { code, stdout } = await runCommand(world, ['pool', 'ls'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^other +\S*unreachable\S* +- +- +- /m)
  })

  it.each([
    ['volume ls', ['db']],
    ['volume df', ['db']],
    ['pool df', ['default', 'other']],
  ])('%s prints what it can read, and fails for an unreachable pool', async (command, names) => {
    await world.create('db')
    await rename(world.otherConfig.path, `${world.otherConfig.path}.away`)
    const reason = `csi-driver-loop: pool "other": ${world.otherConfig.path} has no pool.json, but had one before; mount the disk that it is on`
    const asJson = await runCommand(world, [...command.split(' '), '--json'])
    expect((JSON.parse(asJson.stdout) as { name: string }[]).map(({ name }) => name)).toEqual(names)
    expect([asJson.code, asJson.stderr]).toEqual([1, reason])
    const table = await runCommand(world, command.split(' '))
    expect([table.code, table.stdout.split('\n').length, table.stderr]).toEqual([1, 1 + names.length, reason])
  })

  it('doctor finds no problem', async () => {
    await world.create('db')
    const kubelet = ['--kubelet-dir', join(world.directory, 'none')]
    const { code, stdout } = await runCommand(world, ['doctor', '--node-id', 'n1', ...kubelet])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/No problems found\.$/)])
  })
})
