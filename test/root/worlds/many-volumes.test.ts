import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { makeRecords } from '../../support/many-records.ts'
import { Pages } from '../../support/pages.ts'

/**
 * With MANY_VOLUMES=20000 under the limits that docs/design.md names; fewer volumes have proportionally fewer
 * files.
 */
const VOLUMES = Number(process.env['MANY_VOLUMES'] ?? 3000)
const OPEN_FILES = VOLUMES < 20_000 ? 256 : 1024
const RESIDENT_MiB = 256

/** As in the Dockerfile. */
const HEAP = 'NODE_OPTIONS=--max-semi-space-size=1 --max-old-space-size=64'

describeRoot(`a driver with ${VOLUMES} volumes that may open ${OPEN_FILES} files`, () => {
  let node: TestNode
  let pages: Pages

  beforeEach(async () => {
    node = await TestNode.start()
    await node.stop()
    await makeRecords(join(node.dataDir, 'pools', 'default'), node.id, VOLUMES)
    pages = await Pages.make()
    const within = ['prlimit', `--nofile=${OPEN_FILES}`, 'env', HEAP]
    await node.start({ args: pages.args, within })
  })

  afterEach(() => node[Symbol.asyncDispose]())

  const peakMiB = async (): Promise<number> => {
    const status = await readFile(`/proc/${node.driver.pid}/status`, 'utf8')
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024
  }

  async function listAll<T>(
    page: (startingToken: string) => Promise<{ entries: T[]; nextToken: string }>,
  ): Promise<T[]> {
    const all: T[] = []
    for (let token = ''; ;) {
      const { entries, nextToken } = await page(token)
      all.push(...entries)
      if (nextToken === '') return all
      token = nextToken
    }
  }

  it('treats none as damaged, lists and measures all, within its memory', async () => {
    const { controller } = node.client
    expect(node.driver.log).toContainEqual(expect.objectContaining({ msg: 'serving', volumes: VOLUMES }))
    expect(node.driver.log).not.toContainEqual(expect.objectContaining({ msg: 'cannot be used' }))

    const listed = await listAll((startingToken) => controller.listVolumes({ startingToken }))
    expect(new Set(listed.map(({ volume }) => volume?.volumeId)).size).toBe(VOLUMES)
    const health = await listAll((startingToken) => controller.controllerListVolumeHealth({ startingToken }))
    expect(health).toHaveLength(VOLUMES)
    expect(health.filter(({ healthStatuses }) => healthStatuses.length > 0)).toEqual([])

    // Prometheus, its second replica, and a few people.
    const scrapes = await Promise.all(Array.from({ length: 8 }, () => pages.get('/metrics')))
    for (const [status, text] of scrapes) {
      expect(status).toBe(200)
      for (const name of ['capacity', 'allocated'])
        expect(text.split(`\ncsi_driver_loop_volume_${name}_bytes{`)).toHaveLength(VOLUMES + 1)
    }
    expect(await pages.get('/healthz')).toEqual([200, 'ok\n'])
    expect((await readdir(`/proc/${node.driver.pid}/fd`)).length).toBeLessThan(OPEN_FILES)
    expect(await peakMiB()).toBeLessThan(RESIDENT_MiB)
  })
})
