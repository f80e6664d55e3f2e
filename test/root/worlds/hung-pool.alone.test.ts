import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { eventually } from '../../support/eventually.ts'
import { HungMount } from '../../support/hung-mount.ts'
import { nothing } from '../../support/leftovers.ts'
import { Pages } from '../../support/pages.ts'
import { refusal } from '../../support/refusal.ts'
import { TestVolume } from '../../support/volume.ts'

/** More than there are threads. */
const RECORDS = 80
const AT_ONCE = 10

const unavailable = refusal('UNAVAILABLE', /pool "extra": .* does not answer/)

describeRoot('a pool whose file system never answers', () => {
  let node: TestNode
  let pages: Pages
  let pool: string
  let hung: HungMount | undefined

  beforeEach(async () => {
    node = await TestNode.make()
    pages = await Pages.make()
    pool = join(node.path, 'extra')
    await mkdir(pool)
    await writeFile(join(node.path, 'config.yaml'), `pools: { default: {}, extra: { path: ${pool} } }`)
    await start()
    await Promise.all(numbers(RECORDS).map((number) => volume(number).create()))
  })

  afterEach(async () => {
    await hung?.[Symbol.asyncDispose]()
    hung = undefined
    expect(await node.stop()).toEqual(nothing)
    await node[Symbol.asyncDispose]()
  })

  const start = () => node.start({ args: ['--config', join(node.path, 'config.yaml'), ...pages.args] })
  const volume = (number: number) =>
    new TestVolume(node, `extra-${number}`, { parameters: { pool: 'extra' } })

  /** Many at once. */
  const livesInTheOther = () =>
    Promise.all(
      numbers(AT_ONCE).map(async (number) => {
        await using other = await new TestVolume(node, `other-${number}`).create()
        await other.stage()
        await other.publish()
      }),
    )

  const saysSo = async (): Promise<void> => {
    expect(await pages.get('/healthz')).toEqual([200, 'ok\n'])
    expect(await pages.get('/readyz')).toEqual([
      200,
      expect.stringMatching(/^ok\nwarning: pool "extra": .* does not answer/),
    ])
    const [, metrics] = await pages.get('/metrics')
    expect(metrics).toContain('csi_driver_loop_pool_problem{pool="extra",reason="PoolNotAnswering"} 1')
    expect(metrics).toContain('csi_driver_loop_pool_free_bytes{pool="default"}')
    const { controller } = node.client
    await expect(controller.listVolumes({})).rejects.toMatchObject(unavailable)
    await expect(volume(1).create()).rejects.toMatchObject(unavailable)
    await expect(volume(RECORDS + 1).create()).rejects.toMatchObject(unavailable)
  }

  const isBack = async (): Promise<void> => {
    await eventually('the pool is back', async () => {
      expect(await pages.get('/readyz')).toEqual([200, 'ok\n'])
    })
    const { entries } = await node.client.controller.listVolumes({})
    expect(entries).toHaveLength(RECORDS)
    await using again = await volume(1).create()
    await again.stage()
  }

  it('delays neither the start nor other pools, and is reachable again when it answers', async () => {
    await node.driver.end('SIGTERM')
    hung = await HungMount.over(pool)
    await start()
    await saysSo()
    await livesInTheOther()
    await hung[Symbol.asyncDispose]()
    await isBack()
  })

  it('may stop answering while it serves', async () => {
    hung = await HungMount.over(pool)
    const stuck = Promise.allSettled([
      ...numbers(RECORDS).map((number) => volume(RECORDS + number).create()),
      ...numbers(AT_ONCE).map(() => pages.get('/metrics')),
      ...numbers(AT_ONCE).map(() => node.client.node.nodeGetStorageHealth({})),
    ])
    const healthy = await Promise.all([
      ...numbers(AT_ONCE).map(() => pages.get('/healthz')),
      livesInTheOther(),
    ])
    expect(healthy.slice(0, AT_ONCE)).toEqual(numbers(AT_ONCE).map(() => [200, 'ok\n']))
    for (const [index, result] of (await stuck).entries()) {
      if (index < RECORDS) expect(result).toMatchObject({ status: 'rejected', reason: unavailable })
      else expect(result).toMatchObject({ status: 'fulfilled' })
    }
    await saysSo()
    await hung[Symbol.asyncDispose]()
    await isBack()
  })

  it('is reachable again with another file system in its place, while calls still wait for the hanging one', async () => {
    hung = await HungMount.over(pool)
    await expect(volume(RECORDS + 1).create()).rejects.toMatchObject(unavailable)
    await hung.unmount()
    await isBack()
  })

  it('does not keep the driver from ending', async () => {
    hung = await HungMount.over(pool)
    await expect(volume(RECORDS + 1).create()).rejects.toMatchObject(unavailable)
    expect(await node.driver.end('SIGTERM')).toMatchObject({ code: 0, signal: null })
    await hung[Symbol.asyncDispose]()
    await start()
    await isBack()
  })
})

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
