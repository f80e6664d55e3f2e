import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode, runMain } from '../../support/driver.ts'
import { nothing } from '../../support/leftovers.ts'
import { refusal } from '../../support/refusal.ts'
import { MiB, TestVolume, blockCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

describeRoot('a bad configuration ends the driver at once, with the reason', () => {
  let node: TestNode

  beforeAll(async () => {
    node = await TestNode.make()
  })

  afterAll(async () => {
    await node[Symbol.asyncDispose]()
  })

  const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
    const { code, stderr } = await runMain(...node.arguments, ...args)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^ +at /m)
    expect(code).toBe(1)
  }

  it.each([
    ['pools: { fast: { sise: 1Gi } }', /pools\.fast\.sise is unknown/],
    ['pool: {}', /pool is unknown|pools/],
    ['pools: { fast: { size: 10Gb } }', /pools\.fast\.size must be a quantity/],
    ['pools: { fast: { size: -1 } }', /pools\.fast\.size must be a quantity/],
    ['pools: { fast: { reserve: lots } }', /pools\.fast\.reserve must be a quantity/],
    ['pools: { fast: { overcommit: 0.5 } }', /pools\.fast\.overcommit must be at least 1/],
    ['pools: { fast: { path: var/lib } }', /pools\.fast\.path must be an absolute path/],
    ['pools: { fast: 7 }', /pools\.fast/],
    ['pools: { Fast_1: {} }', /Fast_1/],
    ['pools: { ../up: {} }', /\.\.\/up/],
    ['pools: {}', /pools must have a pool/],
    ['', /config\.yaml: /],
    ['pools: [', /config\.yaml: /],
    ['pools: { a: {}, a: {} }', /config\.yaml: /],
  ])('--config %j', async (text, message) => {
    const file = join(node.path, 'config.yaml')
    await writeFile(file, text)
    await refused(message, '--config', file)
  })

  it.each([
    [['--config', '/no/such.yaml'], /\/no\/such\.yaml/],
    [['--endpoint', 'unix:///tmp/csi'], /unix:\/\/\/path\/to\/csi\.sock/],
    [['--endpoint', 'tcp://127.0.0.1:1'], /tcp:\/\/127\.0\.0\.1:1/],
    [['--endpoint', 'unix://relative.sock'], /relative\.sock/],
    [['--max-volumes', '0'], /--max-volumes/],
    [['--driver-name', 'No_Name'], /--driver-name/],
    [['--log-level', 'loud'], /--log-level/],
    [['--log-format', 'xml'], /--log-format/],
    [['--colour', 'red'], /--colour/],
    [['--node-id', ''], /node-id/],
    [['--node-id', 'n'.repeat(257)], /node-id/],
    [['--node-id', 'a b/c'], /node-id.* 1 to 192 letters, digits, dots/],
    [['--data-dir', '/proc/version'], /\/proc\/version/],
  ])('%j', async (args, message) => {
    await refused(message, ...args)
  })

  const pool = (): string => join(node.dataDir, 'pools', 'default')

  it.each([['has other things in it', 'precious.txt', '', /not empty \(precious\.txt\)/]])(
    'a pool that %s',
    async (_, name, text, message) => {
      const dataDir = await node.directory(`pool-${name}-${text.length}`)
      await mkdir(join(dataDir, 'pools', 'default'), { recursive: true })
      await writeFile(join(dataDir, 'pools', 'default', name), text)
      await refused(message, '--data-dir', dataDir)
    },
  )

  it('two pools in one directory', async () => {
    const file = join(node.path, 'config.yaml')
    await writeFile(file, `pools: { a: { path: ${pool()} }, b: { path: ${pool()} } }`)
    await refused(/pools a and b .*same/, '--config', file)
  })

  it('a pool inside of another', async () => {
    const file = join(node.path, 'config.yaml')
    await writeFile(file, `pools: { a: { path: ${node.path}/a/b }, b: { path: ${node.path}/a } }`)
    await refused(/pools a and b overlap: .*\/a\/b is inside /, '--config', file)
  })

  const disguises: [string, (path: string) => Promise<unknown>][] = [
    ['a symbolic link', (path) => symlink(`${node.path}/real`, path)],
    ['a bind mount', (path) => mkdir(path).then(() => tool('mount', '--bind', `${node.path}/real`, path))],
  ]

  it.each(disguises)('two pools in one directory, or inside each other, by %s', async (_, make) => {
    await mkdir(`${node.path}/real/c`, { recursive: true })
    const other = `${node.path}/other`
    await make(other)
    try {
      const file = join(node.path, 'config.yaml')
      await writeFile(file, `pools: { a: { path: ${node.path}/real }, b: { path: ${other} } }`)
      await refused(
        /pools "b" \(.*other\) and "a" \(.*real\) are the same directory; give each/,
        '--config',
        file,
      )
      await writeFile(file, `pools: { a: { path: ${node.path}/real }, b: { path: ${other}/c } }`)
      await refused(/pools "b" .* and "a" .* overlap: the first is inside of the second/, '--config', file)
    } finally {
      await tool('umount', other).catch(() => undefined)
      await rm(other, { recursive: true })
      await rm(`${node.path}/real`, { recursive: true })
    }
  })
})

describeRoot('pools of a configuration file', () => {
  let node: TestNode

  beforeAll(async () => {
    node = await TestNode.make()
    const config = join(node.path, 'config.yaml')
    await writeFile(
      config,
      `pools:
        default:
        small: { size: 256Mi }
        reserved: { size: 256Mi, reserve: 64Mi }
        promised: { size: 256Mi, overcommit: 2 }
        crowded: { size: 256Mi }
        placed: { path: ${node.path}/somewhere, size: 0.25Gi }
      `,
    )
    await node.start({ args: ['--config', config] })
  })

  afterAll(async () => {
    await using _cleared = node
    expect(await node.stop()).toEqual(nothing)
  })

  const capability = blockCapability()
  const volumeIn = (pool: string, megabytes: number, provisioning = 'thin'): TestVolume => {
    const parameters = { pool, provisioning }
    return new TestVolume(node, `${pool}-${megabytes}-${provisioning}`, {
      capability,
      bytes: megabytes * MiB,
      parameters,
    })
  }
  const capacityOf = async (pool: string, provisioning = 'thin'): Promise<number> => {
    const { availableCapacity } = await node.client.controller.getCapacity({
      parameters: { pool, provisioning },
    })
    return Number(availableCapacity) / MiB
  }

  describe.each([
    { pool: 'small', thin: 256, thick: 256 },
    { pool: 'reserved', thin: 192, thick: 192 },
    { pool: 'promised', thin: 512, thick: 256 },
    { pool: 'placed', thin: 256, thick: 256 },
  ])('$pool', ({ pool, thin, thick }) => {
    it('offers the allowed capabilities', async () => {
      expect(await capacityOf(pool)).toBe(thin)
      expect(await capacityOf(pool, 'thick')).toBe(thick)
    })

    it('holds exactly that many bytes', async () => {
      const full = refusal('RESOURCE_EXHAUSTED', new RegExp(`pool "${pool}" has`))
      await expect(volumeIn(pool, thin + 1).create()).rejects.toMatchObject(full)
      await expect(volumeIn(pool, thick + 1, 'thick').create()).rejects.toMatchObject(full)
      await using first = await volumeIn(pool, thin - 64).create()
      expect(await capacityOf(pool)).toBe(64)
      await expect(volumeIn(pool, 65).create()).rejects.toMatchObject(full)
      await expect(first.expand(thin * MiB + 4096, '')).rejects.toMatchObject(
        refusal('OUT_OF_RANGE', new RegExp(`pool "${pool}" has`)),
      )
      await first.expand(thin * MiB, '')
      expect(await capacityOf(pool)).toBe(0)
    })

    it('has all of it back when the volumes are deleted', async () => {
      expect(await capacityOf(pool)).toBe(thin)
    })
  })

  it('include writes and expansions after a restart', async () => {
    const volume = await volumeIn('small', 128, 'thick').create()
    await volume.expand(192 * MiB, '')
    await node.crash({ args: ['--config', join(node.path, 'config.yaml')] })
    expect(await capacityOf('small')).toBe(64)
    // The blocks of an image's extent tree, which it has when the disk is fragmented, count too.
    const thick = await capacityOf('small', 'thick')
    expect(thick).toBeGreaterThan(63)
    expect(thick).toBeLessThanOrEqual(64)
    await volume.delete()
  })

  it('are not exceeded by concurrent requests', async () => {
    const volumes = Array.from({ length: 16 }, (_, i) => volumeIn('crowded', 32 + i / 256))
    const results = await Promise.allSettled(volumes.map((volume) => volume.create()))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(7)
    for (const volume of volumes) await volume[Symbol.asyncDispose]()
    expect(await capacityOf('crowded')).toBe(256)
  })

  it('are distinguished when another pool has taken the name', async () => {
    await using volume = await volumeIn('small', 32).create()
    const parameters = { pool: 'default' }
    const call = node.client.controller.createVolume({ ...volume.request, parameters })
    await expect(call).rejects.toMatchObject(refusal('ALREADY_EXISTS', /pool is "small", not "default"/))
  })

  it('are at the path that the file gives', async () => {
    await using _volume = await volumeIn('placed', 32).create()
    await expect(node.files('placed')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
