import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { defaultPools, readPools } from '../../../../src/cli/node/config.ts'

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
        limits: { sizeBytes: undefined, reserveBytes: 0n, overcommit: 1, inlineBytes: 0n },
      },
    ])
  })

  it('contains pools with their paths and limits', async () => {
    const yaml = 'pools:\n  default:\n  fast: {path: /mnt/fast, size: 10Gi, reserve: 1024, overcommit: 1.5}\n'
    expect(await read(yaml)).toEqual([
      ...defaultPools('/data'),
      {
        name: 'fast',
        path: '/mnt/fast',
        limits: { sizeBytes: 10n << 30n, reserveBytes: 1024n, overcommit: 1.5, inlineBytes: 0n },
      },
    ])
  })

  it('names the largest inline volume of a pool', async () => {
    const [pool] = await read('pools: {a: {inline: {maxSize: 2Gi}}}')
    expect(pool?.limits.inlineBytes).toBe(2n << 30n)
  })

  it('names the pools whose writes fail while their disk is full', async () => {
    const pools = await read('pools: {a: {whenFull: fail}, b: {whenFull: freeze}, c: {}}')
    expect(pools.map(({ failsWhenFull }) => failsWhenFull ?? false)).toEqual([true, false, false])
  })

  it('names the file of a pool image, and where it is mounted', async () => {
    const yaml = 'pools: {instant: {path: /mnt/disk, reserve: 1Gi, image: {size: 200Gi}}}'
    expect(await read(yaml)).toEqual([
      {
        name: 'instant',
        path: '/data/mounts/instant',
        limits: { sizeBytes: undefined, reserveBytes: 1n << 30n, overcommit: 1, inlineBytes: 0n },
        image: { file: '/mnt/disk/pool.img', sizeBytes: 200n << 30n },
      },
    ])
  })

  it.each([
    ['pools: {a: {inline: {}}}', 'pools.a.inline.maxSize'],
    ['pools: {a: {inline: yes}}', 'pools.a.inline must be {maxSize: <quantity>}'],
    ['pools: {a: {image: {}}}', 'pools.a.image.size'],
    ['pools: {a: {image: {size: 1Gi, type: xfs}}}', 'pools.a.image.type is unknown'],
    ['pools: {a: {image: yes}}', 'pools.a.image must be {size: <quantity>}'],
    ['pools: {a: {image: {size: 1Gi}, size: 1Gi}}', 'pools.a must have either size or image.size'],
    ['pools: {a: {path: /p}, b: {path: /p, image: {size: 1Gi}}}', 'pools a and b have the same path /p'],
    ['pools: {default: {sise: 1Gi}}', 'pools.default.sise is unknown'],
    ['pool: {}', 'pools is missing: the file must have pools, such as "pools: {default: {}}"'],
    ['{}', 'pools is missing: the file must have pools, such as "pools: {default: {}}"'],
    ['pools: {}\npool: {}', 'pools must have a pool'],
    ['pools: {default: {}}\nextra: 1', 'extra is unknown'],
    ['pools:', 'pools must have pools by their names, such as "pools: {default: {}}"'],
    ['pools: default', 'pools must have pools by their names, such as "pools: {default: {}}"'],
    ['pools: [default]', 'pools.0 must be settings such as {size: 10Gi}, or {}'],
    ['pools: {default: 10Gi}', 'pools.default must be settings such as {size: 10Gi}, or {}'],
    ['pools', 'the file must have pools, such as "pools: {default: {}}"'],
    ['pools: {default: {whenFull: wait}}', 'pools.default.whenFull must be freeze or fail'],
    ['pools: {default: {size: 1 GB}}', 'pools.default.size must be a quantity such as 10Gi'],
    ['pools: {default: {overcommit: 0.5}}', 'pools.default.overcommit must be at least 1'],
    ['pools: {default: {path: data}}', 'pools.default.path must be an absolute path'],
    ['pools: {"No way": {}}', 'pools.No way must be a name of lower-case letters'],
    ['pools: {}', 'pools must have a pool'],
    ['', 'the file is empty: it must have pools, such as "pools: {default: {}}"'],
    ['# pools: {default: {}}', 'the file is empty: it must have pools, such as "pools: {default: {}}"'],
    ['pools: [', 'config.yaml'],
  ])('refuses %j', async (yaml, words) => {
    await expect(read(yaml)).rejects.toThrow(words)
    await expect(read(yaml)).rejects.toThrow(file)
  })
})
