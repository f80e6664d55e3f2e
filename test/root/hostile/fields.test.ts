import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CsiClient } from '../../../src/csi/client.ts'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { TestSnapshot } from '../../support/snapshot.ts'
import { useTestNode } from '../../support/use-test-node.ts'
import { mountCapability, TestVolume } from '../../support/volume.ts'
import { look, makeCanary } from './canary.ts'
import { casesOf, methods, type Message } from './fields.ts'
import { BYTES, goodRequests } from './good-requests.ts'

/** Codes that mean that the request is invalid, or that this driver does not offer the method. */
const ALLOWED = new Set([
  'OK',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'RESOURCE_EXHAUSTED',
  'UNIMPLEMENTED',
])

const PATIENCE_MS = 20_000

describeRoot('a request with a hostile field', () => {
  let node: TestNode

  useTestNode((started) => {
    node = started
  })

  // Within, because the driver has to be there until all of it is taken down.
  describe('is answered, and nothing else happens:', () => {
    let canary: string
    let volume: TestVolume
    let bystander: TestVolume
    let snapshot: TestSnapshot
    let before: unknown[]

    beforeAll(async () => {
      canary = join(node.path, 'canary')
      await makeCanary(canary)
      volume = await new TestVolume(node, 'volume', {
        capability: mountCapability('xfs'),
        bytes: BYTES,
      }).create()
      bystander = await new TestVolume(node, 'bystander').create()
      await bystander.stage()
      await writeFile(join(await bystander.publish(), 'data'), 'mine', { flush: true })
      snapshot = await new TestSnapshot(node, 'snapshot', volume).create()
      before = await look(canary)
    })

    afterAll(async () => {
      await removeOthers(node, [volume.id, bystander.id], [snapshot.id])
      await snapshot[Symbol.asyncDispose]()
      await volume[Symbol.asyncDispose]()
      await bystander[Symbol.asyncDispose]()
    })

    it.each(methods())('%s', async (method) => {
      await volume.stage()
      await volume.publish()
      const { pid } = node.driver
      const answers: Answer[] = []
      for (const { field, evil, request } of casesOf(
        method,
        goodRequests(volume, snapshot.id)[method] ?? {},
        canary,
      ))
        answers.push({ field, evil, ...(await answerTo(node.client, method, request)) })
      expect(answers.filter(({ code }) => !ALLOWED.has(code))).toEqual([])
      expect(summary(answers)).toMatchSnapshot()
      expect(await look(canary)).toEqual(before)
      expect(await readFile(join(bystander.target(), 'data'), 'utf8')).toBe('mine')
      await expect(node.client.identity.probe({})).resolves.toMatchObject({ ready: { value: true } })
      expect(node.driver.pid).toBe(pid)
    })
  })
})

type Untyped = Readonly<Record<string, (request: Message, options: object) => unknown>>

interface Outcome {
  /** `OK`, or the name of the error's. */
  readonly code: string
  readonly details: string
}

interface Answer extends Outcome {
  readonly field: string
  readonly evil: string
}

/** By field: the code that most values get, and for each other one which do. */
function summary(answers: readonly Answer[]): Record<string, string> {
  const fields = Map.groupBy(answers, ({ field }) => field)
  return Object.fromEntries([...fields].map(([field, those]) => [field, codesOf(those)]))
}

function codesOf(answers: readonly Answer[]): string {
  const codes = [...Map.groupBy(answers, ({ code }) => code)].sort(([, a], [, b]) => b.length - a.length)
  const evils = (those: readonly Answer[]): string => those.map(({ evil }) => evil).join(', ')
  return codes.map(([code, those], index) => (index === 0 ? code : `${code}: ${evils(those)}`)).join('; ')
}

async function answerTo(client: CsiClient, method: string, request: Message): Promise<Outcome> {
  const [service = '', name = ''] = method
    .split('.')
    .map((word) => word.charAt(0).toLowerCase() + word.slice(1))
  const call = (client as unknown as Readonly<Record<string, Untyped>>)[service]?.[name]
  try {
    const answer = await call?.(request, { deadline: Date.now() + PATIENCE_MS })
    if (isStream(answer)) await Array.fromAsync(answer)
    return { code: 'OK', details: '' }
  } catch (error) {
    const { code, details } = error as { code: status; details: string }
    return { code: status[code], details }
  }
}

function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}

/** Deletes what was made under names that are odd, but allowed. */
async function removeOthers(node: TestNode, volumes: string[], snapshots: string[]): Promise<void> {
  const { controller, groupController } = node.client
  for (const { snapshot } of (await controller.listSnapshots({})).entries) {
    const { groupSnapshotId = '', snapshotId = '' } = snapshot ?? {}
    if (snapshots.includes(snapshotId)) continue
    if (groupSnapshotId === '') await controller.deleteSnapshot({ snapshotId })
    else await groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds: [snapshotId] })
  }
  for (const { volume } of (await controller.listVolumes({})).entries) {
    const { volumeId = '' } = volume ?? {}
    if (!volumes.includes(volumeId)) await controller.deleteVolume({ volumeId })
  }
}
