import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { defaultPools, readPools } from '../../../src/cli/config.ts'

describe('--config', () => {
  let directory: string
  let file: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    file = join(directory, 'config.yaml')
  })

  afterEach(() => rm(directory, { recursive: true }))

  async function read(yaml: string) {
    await writeFile(file, yaml)
    return readPools(file, '/data')
  }

  it('is not needed for one pool without limits', () => {
    expect(defaultPools('/data')).toEqual([
      {
        name: 'default',
        path: '/data/pools/default',
        limits: { sizeBytes: undefined, reserveBytes: 0n, overcommit: 1 },
      },
    ])
  })

  it('names pools, their places and their limits', async () => {
    const yaml = 'pools:\n  default:\n  fast: {path: /mnt/fast, size: 10Gi, reserve: 1024, overcommit: 1.5}\n'
    expect(await read(yaml)).toEqual([
      ...defaultPools('/data'),
      {
        name: 'fast',
        path: '/mnt/fast',
        limits: { sizeBytes: 10n << 30n, reserveBytes: 1024n, overcommit: 1.5 },
      },
    ])
  })

  it.each([
    ['pools: {default: {sise: 1Gi}}', 'pools.default.sise is unknown'],
    ['pool: {}', 'pools'],
    ['pools: {default: {size: 1 GB}}', 'pools.default.size must be a quantity such as 10Gi'],
    ['pools: {default: {overcommit: 0.5}}', 'pools.default.overcommit must be at least 1'],
    ['pools: {default: {path: data}}', 'pools.default.path must be an absolute path'],
    ['pools: {"No way": {}}', 'pools.No way must be a name of small letters'],
    ['pools: {}', 'pools must have a pool'],
    ['', 'the file'],
    ['pools: [', 'config.yaml'],
  ])('refuses %j', async (yaml, words) => {
    await expect(read(yaml)).rejects.toThrow(words)
    await expect(read(yaml)).rejects.toThrow(file)
  })
})
