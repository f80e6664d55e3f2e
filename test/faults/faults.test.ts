import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { csi } from '../../src/csi/protocol.ts'
import { describeRoot } from '../root.ts'
import { runCampaign, type Result } from './campaign.ts'
import { casesOf } from './cases/all.ts'
import { inLanes } from './lanes.ts'
import { sectionOf, sectionsIn, withSections } from './page.ts'
import type { Extent } from './plan.ts'
import { World } from './world.ts'

const PAGE = fileURLToPath(new URL('../../docs/reference/faults.md', import.meta.url))

/** Two drivers keep two cores busy. */
const LANES = 2
const MAX_MS = 3 * 3_600_000

/** `all`, or the seed of a sample. */
const FAULTS = process.env['FAULTS'] ?? '1'
const extent: Extent = FAULTS === 'all' ? 'all' : Number(FAULTS)
const cases = casesOf(new RegExp(process.env['FAULTS_CALLS'] ?? ''))

describeRoot(`a driver that is made to fail (FAULTS=${FAULTS})`, () => {
  const sections = new Map<string, string>()
  let compileCache: string
  let running: ReadonlyMap<string, Promise<Result>>

  beforeAll(async () => {
    compileCache = await mkdtemp(join(tmpdir(), 'csi-faults-'))
    // Only a driver that ends by itself leaves something in the cache.
    await using first = await World.make(compileCache)
    await first.node.stop()
    running = inLanes(cases, LANES, (call, prepare) => runCampaign(call, prepare, extent, compileCache))
    for (const result of running.values()) result.catch(() => undefined)
  }, 60_000)

  afterAll(async () => {
    await Promise.allSettled(running.values())
    await rm(compileCache, { recursive: true })
  }, MAX_MS)

  it.each([...cases.keys()])(
    '%s: leaves nothing wrong behind, and can be repeated',
    async (call) => {
      const result = await running.get(call)
      if (!result) throw new Error('nobody works on it')
      expect(result.violations).toEqual([])
      if (extent !== 'all') return
      expect(result.outcomes.untried).toEqual([])
      sections.set(call, sectionOf(call, result.outcomes))
    },
    MAX_MS,
  )

  it('is made to fail in every call that there is', () => {
    const { Identity, Controller, GroupController, SnapshotMetadata, Node } = csi()
    const services = [Identity, Controller, GroupController, SnapshotMetadata, Node]
    const calls = services
      .flatMap((service) => Object.keys(service))
      .filter((call) => !unimplemented.includes(call))
    const names = [...casesOf(/./).keys()].map((name) => name.split(',')[0])
    expect(calls.filter((call) => !names.includes(call))).toEqual([])
  })

  if (extent === 'all') {
    it('is documented', async () => {
      const page = await readFile(PAGE, 'utf8')
      const kept = [...sectionsIn(page)].filter(([call]) => casesOf(/./).has(call))
      const text = await withSections(PAGE, page, new Map([...kept, ...sections]))
      await writeFile(PAGE, text)
      process.stdout.write(`${[...sections.values()].join('\n\n')}\n`)
      expect([...sectionsIn(text).keys()].sort()).toEqual([...casesOf(/./).keys()].sort())
    })
  }
})

/** A loop device is there as soon as a node has its volume: there is nothing to attach before. */
const unimplemented = ['ControllerPublishVolume', 'ControllerUnpublishVolume']
