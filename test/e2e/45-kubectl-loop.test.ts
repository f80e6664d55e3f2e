import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { VolumeView } from '../../src/cli/volume/view.ts'
import { nodeNames } from './support/cluster.ts'
import { outcome, run } from './support/command.ts'
import { DRIVER_IMAGE } from './support/driver.ts'
import { eventually } from '../support/eventually.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod } from './support/objects.ts'

const PLUGIN = fileURLToPath(new URL('../../src/kubectl-loop.ts', import.meta.url))

const loop = (...args: string[]): Promise<string> => run(process.execPath, [PLUGIN, ...args])

let on: Namespace
let nodes: string[] = []

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
  nodes = await nodeNames()
  await on.apply(claim('db'))
  await on.apply(pod('db', { volumes: { data: ofClaim('db') } }))
  await on.running(['db'])
  await on.shell('db', 'echo kept >/data/file; sync')
})

afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

describe('kubectl loop', () => {
  it('is in the image, under its name', async () => {
    const said = await run('docker', ['run', '--rm', '--entrypoint=kubectl-loop', DRIVER_IMAGE, '--help'])
    expect(said).toContain('Usage: kubectl-loop')
  })

  it('lists the volumes of all nodes, with their claims', async () => {
    const volumes = JSON.parse(await loop('ls', '--json')) as (VolumeView & { readonly node: string })[]
    const node = await on.nodeOf('db')
    expect(volumes).toContainEqual(
      expect.objectContaining({ node, claim: `${on.name}/db`, fsType: 'ext4', problem: null }),
    )
    expect(await loop('ls')).toMatch(new RegExp(`^${node} .* ${on.name}/db .* mounted$`, 'm'))
  })

  it('shows the pools of every node', async () => {
    const pools = JSON.parse(await loop('pool', 'df', '--json')) as { node: string; state: string }[]
    expect(pools.map(({ node, state }) => `${node} ${state}`).sort()).toEqual(
      nodes.map((node) => `${node} ready`),
    )
  })

  it('finds no problem, and the driver of every node', async () => {
    const said = await loop('doctor')
    for (const node of nodes) expect(said).toContain(`runs as node "${node}"`)
  })

  it('shows and trims a volume on its node', async () => {
    expect(await loop('show', '--namespace', on.name, 'db')).toContain(`${on.name}/db`)
    expect(await loop('trim', `${on.name}/db`)).toMatch(/the file system discarded/)
  })

  it('checks and exports a volume that is no longer in use', async () => {
    const refused = await outcome(process.execPath, [PLUGIN, 'check', `${on.name}/db`])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is in use')])
    await on.delete('pod', 'db')
    await eventually('a check', () => loop('check', `${on.name}/db`))
    const directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    try {
      const output = join(directory, 'db.img')
      await loop('export', `${on.name}/db`, '--output', output)
      expect((await stat(output)).size).toBe(64 << 20)
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
