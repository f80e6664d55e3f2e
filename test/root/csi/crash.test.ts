import { mkdir, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { status, type ServiceError } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode, runMain } from '../../support/driver.ts'
import { devicesOf, nothing } from '../../support/leftovers.ts'
import { randomFrom } from '../../support/random.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

describeRoot('a driver that is killed', () => {
  let node: TestNode

  beforeEach(async () => {
    node = await TestNode.start()
  })

  afterEach(async () => {
    await node[Symbol.asyncDispose]()
  })

  const mode = 'SINGLE_NODE_MULTI_WRITER'
  it.each([
    ['mount', mountCapability('btrfs', { mode })],
    ['block', blockCapability(mode)],
  ])('between any two calls for a %s volume: the next one goes on', async (_, capability) => {
    const volume = new TestVolume(node, 'data', { capability, bytes: 256 * MiB })
    const steps: [string, () => Promise<unknown>][] = [
      ['create', () => volume.create()],
      ['stage', () => volume.stage()],
      ['publish', () => volume.publish('writer')],
      ['publish read-only', () => volume.publish('reader', { readonly: true })],
      ['expand', () => volume.expand(320 * MiB, volume.target('writer'))],
      ['unpublish', () => volume.unpublish('writer')],
      ['unpublish read-only', () => volume.unpublish('reader')],
      ['unstage', () => volume.unstage()],
      ['stage again', () => volume.stage()],
      ['unstage again', () => volume.unstage()],
      ['delete', () => volume.delete()],
    ]
    for (const [step, run] of steps) {
      await run()
      const before = { step, ...(await stateOf(node)) }
      await node.crash()
      expect({ step, ...(await stateOf(node)) }).toEqual(before)
      // The caller never knows whether a call without an answer was done, so it repeats it.
      await run()
      expect({ step, ...(await stateOf(node)) }).toEqual(before)
    }
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'in the middle of calls (seed %i): repeated, all of them succeed',
    async (seed) => {
      const random = randomFrom(seed)
      const volumes = [
        new TestVolume(node, 'ext4'),
        new TestVolume(node, 'xfs', { capability: mountCapability('xfs'), bytes: 320 * MiB }),
        new TestVolume(node, 'thick', { parameters: { provisioning: 'thick' } }),
        new TestVolume(node, 'block', { capability: blockCapability() }),
      ]
      const lives = volumes.map((volume) => liveFor(volume).catch(ignore))
      await setTimeout(random() * 400)
      await node.crash()
      await Promise.all(lives)

      for (const volume of volumes) {
        await repeated(() => volume.create())
        await repeated(() => volume.stage())
        expect(await volume.devices()).toHaveLength(1)
        await repeated(() => volume.publish())
      }
      const images = [...(await devicesOf(node.path)).values()]
      expect(images.sort()).toEqual(volumes.map(({ image }) => image).sort())
      for (const volume of volumes) await volume[Symbol.asyncDispose]()
      expect(await node.stop()).toEqual(nothing)
      expect(await node.files()).toEqual([])
    },
  )

  it('finds its volumes, and removes unfinished ones', async () => {
    const volume = await new TestVolume(node, 'data').create()
    await node.stop()
    const pool = join(volume.directory, '..')
    for (const name of [`.${volume.id}.new`, `.${volume.id}.1234.deleted`, '.strange']) {
      await mkdir(join(pool, name))
      await writeFile(join(pool, name, 'disk.img'), 'x')
    }
    await node.start()
    expect(await idsOf(node)).toEqual([volume.id])
    await node.stop()
    expect(await node.files()).toEqual([volume.id])
  })

  it('between the growth of an image and its record: the image counts', async () => {
    const volume = await new TestVolume(node, 'data').create()
    await node.driver.end('SIGKILL')
    await truncate(volume.image, 64 * MiB)
    await node.start()
    const { entries } = await node.client.controller.listVolumes({})
    expect(entries).toMatchObject([{ volume: { volumeId: volume.id, capacityBytes: `${64 * MiB}` } }])
  })

  it('detaches orphaned devices at start-up', async () => {
    const volume = await new TestVolume(node, 'data', { capability: blockCapability() }).create()
    await volume.stage()
    const [device = ''] = await volume.devices()
    // The kubelet's own.
    await tool('losetup', '--find', device)
    await node.driver.end('SIGKILL')
    // A restored backup, an admin with rm, or the end of a kind node.
    await tool('rm', '-r', volume.directory)
    expect(await devicesOf(node.path)).toHaveProperty('size', 2)
    await node.start()
    expect(await devicesOf(node.path)).toHaveProperty('size', 0)
  })
})

describeRoot('a driver that is stopped', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s finishes running calls', async (signal) => {
    await using node = await TestNode.start({ args: ['--log-level', 'debug'] })
    const volumes = await Promise.all(
      Array.from({ length: 8 }, (_, i) => new TestVolume(node, `data-${i}`).create()),
    )
    const stages = volumes.map((volume) =>
      volume.stage().then(
        () => 'OK',
        (error: unknown) => status[(error as ServiceError).code],
      ),
    )
    const called = (): number =>
      node.driver.log.filter(({ msg, method }) => msg === 'called' && method === 'NodeStageVolume').length
    while (called() < volumes.length) await setTimeout(5)
    const exit = await node.driver.end(signal)
    expect(exit).toEqual({ code: 0, signal: null, stderr: '' })
    await expect(stat(node.socket)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await Promise.all(stages)).toEqual(volumes.map(() => 'OK'))
    expect((await node.left()).mounts).toHaveLength(volumes.length)

    await node.start()
    for (const volume of volumes) await volume[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
  })
})

describeRoot('a second driver', () => {
  it('is refused on the same data directory', async () => {
    await using first = await TestNode.start()
    const other = ['--endpoint', `unix://${first.path}/other.sock`]
    const exit = await runMain(...first.arguments, ...other)
    expect(exit).toMatchObject({ code: 1, signal: null })
    expect(exit.stderr).toMatch(/^csi-driver-loop: pool "default": .* is in use by another driver process/)
    await expect(stat(join(first.path, 'other.sock'))).rejects.toMatchObject({ code: 'ENOENT' })
    await first.client.identity.probe({})
  })

  it('is refused on the same socket, and does not touch it', async () => {
    await using first = await TestNode.start()
    const exit = await runMain(...first.arguments, '--data-dir', join(first.path, 'other'))
    expect(exit).toMatchObject({ code: 1, signal: null })
    expect(exit.stderr).toMatch(/another driver is serving .*csi\.sock/)
    await first.client.identity.probe({})
    first.client.close()
  })

  it('takes over when the first was killed, socket and all', async () => {
    await using node = await TestNode.start()
    await node.driver.end('SIGKILL')
    expect((await stat(node.socket)).isSocket()).toBe(true)
    await node.start()
    await node.client.identity.probe({})
  })

  it('never removes a file that is no socket', async () => {
    await using node = await TestNode.make()
    await writeFile(node.socket, 'precious')
    const exit = await runMain(...node.arguments)
    expect(exit).toMatchObject({ code: 1, stderr: expect.stringMatching(/is not a socket/) })
    expect((await stat(node.socket)).isFile()).toBe(true)
  })
})

/** All that a crash must not change. */
async function stateOf(node: TestNode): Promise<object> {
  const { devices, mounts } = await node.left()
  return { devices, mounts, volumes: await idsOf(node) }
}

async function idsOf(node: TestNode): Promise<string[]> {
  const { entries } = await node.client.controller.listVolumes({})
  return entries.map(({ volume }) => volume?.volumeId ?? '')
}

async function liveFor(volume: TestVolume): Promise<void> {
  for (;;) {
    await volume.create()
    await volume.stage()
    await volume.publish()
    await volume.unpublish()
    await volume.unstage()
    await volume.delete()
  }
}

/** A child process of the killed driver can hold a device for a moment. The CO repeats its calls as well. */
async function repeated(call: () => Promise<unknown>): Promise<void> {
  for (let left = 100; ; left--) {
    try {
      await call()
      return
    } catch (error) {
      if (left === 0 || !/attached to|still (open|mounted)/.test((error as ServiceError).details)) throw error
      await setTimeout(50)
    }
  }
}

function ignore(): undefined {
  return undefined
}
