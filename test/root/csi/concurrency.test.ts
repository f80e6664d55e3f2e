import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { status, type ServiceError } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode, runMain } from '../../support/driver.ts'
import { devicesOf, nothing } from '../../support/leftovers.ts'
import { raceToAttach } from '../../support/race-to-attach.ts'
import { withStub } from '../../support/stub.ts'
import { GiB, MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'

describeRoot('calls at the same time', () => {
  let node: TestNode

  beforeEach(async () => {
    node = await TestNode.start()
  })

  afterEach(async () => {
    await node[Symbol.asyncDispose]()
  })

  it.each([
    ['mount', mountCapability()],
    ['block', blockCapability()],
  ])('for one %s volume never mix up', async (_, capability) => {
    const volume = await new TestVolume(node, 'data', { capability }).create()
    const life = [
      () => volume.create(),
      () => volume.stage(),
      () => volume.publish(),
      () => volume.unpublish(),
      () => volume.unstage(),
      () => volume.delete(),
    ]
    for (let round = 0; round < 5; round++) {
      const calls = [...life, ...life.toReversed(), ...life].map((call) => codeOf(call()))
      const codes = new Set(await Promise.all(calls))
      // In use, not there (any more), or not staged: each of them is true at some moment.
      for (const code of codes) expect(['OK', 'FAILED_PRECONDITION', 'NOT_FOUND']).toContain(code)
      expect((await devicesOf(node.path)).size).toBeLessThanOrEqual(1)
    }
    await volume[Symbol.asyncDispose]()
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })

  it('for one volume are accepted if they are equal', async () => {
    const volume = new TestVolume(node, 'data')
    const tenTimes = (call: () => Promise<unknown>): Promise<unknown> =>
      Promise.all(Array.from({ length: 10 }, call))
    await tenTimes(() => volume.create())
    expect(await node.files()).toEqual([volume.id])
    await tenTimes(() => volume.stage())
    await tenTimes(() => volume.publish())
    expect((await node.left()).mounts).toHaveLength(2)
    expect(await volume.devices()).toHaveLength(1)
    await tenTimes(() => volume.unpublish())
    await tenTimes(() => volume.unstage())
    await tenTimes(() => volume.delete())
    expect(await node.stop()).toEqual(nothing)
  })

  it('for 64 volumes give each its own device', async () => {
    const volumes = Array.from({ length: 64 }, (_, i) => {
      const capability = i % 2 === 0 ? mountCapability() : blockCapability()
      return new TestVolume(node, `data-${i}`, { capability, bytes: 16 * MiB })
    })
    await Promise.all(
      volumes.map(async (volume) => {
        await volume.create()
        await volume.stage()
        await volume.publish()
      }),
    )
    const images = [...(await devicesOf(node.path)).values()]
    expect(images.sort()).toEqual(volumes.map(({ image }) => image).sort())
    await Promise.all(volumes.map((volume) => volume[Symbol.asyncDispose]()))
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })
})

describeRoot('a call that is cancelled', () => {
  it.each([
    ['a tool that hangs', 'exec sleep 60'],
    ['a tool that waits for a child', 'sleep 60; true'],
  ])('by its deadline ends %s and leaves nothing', async (_, script) => {
    await using node = await TestNode.make()
    const started = join(node.path, 'started')
    const stub = `echo "$@" > ${started}; ${script}`
    await node.start({ within: await withStub(node.path, '/usr/sbin/mkfs.ext4', stub) })
    const volume = await new TestVolume(node, 'data').create()
    const stage = volume.stage(undefined, { deadline: Date.now() + 500 })
    await expect(stage).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED })
    const device = (await readFile(started, 'utf8')).trim().split(' ').at(-1)
    expect(device).toMatch(/^\/dev\/loop\d+$/)
    // The next call for the volume waits until the cancelled one is over.
    await volume.unstage({ deadline: Date.now() + 5000 })
    expect(await volume.devices()).toEqual([])
    const { processes } = await node.left()
    expect(processes.filter((line) => !line.includes('main.ts'))).toEqual([])
    await volume.delete()
  })

  it('ends the tools that a tool has started', async () => {
    await using node = await TestNode.start()
    // mkfs.ext4 -c runs badblocks, which reads all of the device.
    const parameters = { mkfsOptions: '-c' }
    const volume = await new TestVolume(node, 'data', { bytes: 20 * GiB, parameters }).create()
    const stage = volume.stage(undefined, { deadline: Date.now() + 500 })
    await expect(stage).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED })
    await volume.unstage({ deadline: Date.now() + 1000 })
    expect(await volume.devices()).toEqual([])
  })

  it('while it waits for another call does nothing', async () => {
    await using node = await TestNode.make()
    await node.start({
      within: await withStub(node.path, '/usr/sbin/mkfs.ext4', 'sleep 0.5; exec "$real" "$@"'),
    })
    const volume = await new TestVolume(node, 'data').create()
    const stage = volume.stage()
    const unstage = volume.unstage({ deadline: Date.now() + 100 })
    await expect(unstage).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED })
    await stage
    expect(await volume.devices()).toHaveLength(1)
    await volume[Symbol.asyncDispose]()
  })
})

describeRoot('processes at the same time', () => {
  let node: TestNode

  beforeEach(async () => {
    node = await TestNode.make()
  })

  afterEach(async () => {
    await node[Symbol.asyncDispose]()
  })

  const files = (count: number): Promise<string[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const file = join(node.path, `file-${i}`)
        await writeFile(file, '')
        await truncate(file, MiB)
        return file
      }),
    )

  it('that attach one file on the command line: one succeeds, and the error of the other names the device', async () => {
    const [file = ''] = await files(1)
    const exits = await Promise.all([1, 2, 3].map(() => runMain('loop', 'attach', file)))
    expect(exits.map(({ code }) => code).sort()).toEqual([0, 1, 1])
    const [device] = [...(await devicesOf(node.path)).keys()]
    for (const { stderr } of exits.filter(({ code }) => code !== 0)) {
      expect(stderr).toBe(`csi-driver-loop: ${file} is attached to ${device} already\n`)
    }
  })

  it('that attach the same files: each file gets one device', async () => {
    const all = await files(16)
    const results = await raceToAttach([all, all, all.toReversed()])
    const devices = results.flat().filter((result) => result.startsWith('/dev/loop'))
    expect(devices).toHaveLength(all.length)
    expect([...(await devicesOf(node.path)).values()].sort()).toEqual(all.sort())
  })

  it('that attach files of their own: each file gets its device, and none is lost', async () => {
    const all = await files(64)
    const parts = [0, 1, 2, 3].map((part) => all.filter((_, i) => i % 4 === part))
    const results = await raceToAttach(parts)
    const devices = await devicesOf(node.path)
    parts.flat().forEach((file, i) => {
      expect([results.flat()[i], devices.get(results.flat()[i] ?? '')]).toEqual([results.flat()[i], file])
    })
    expect(devices.size).toBe(all.length)
  })
})

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call
    return 'OK'
  } catch (error) {
    return status[(error as ServiceError).code]
  }
}
