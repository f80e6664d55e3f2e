import { ApiException, type CoreV1Event } from '@kubernetes/client-node'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { EventRecorder } from '../../../../src/controller/kubernetes/events.ts'
import type { Notice } from '../../../../src/controller/cluster-ports.ts'
import { at } from '../../../support/at.ts'
import { silent } from '../../volumes/world.ts'

const MINUTE = 60_000

const claim = { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'orders', uid: 'u1' } as const
const notice: Notice = { about: claim, reason: 'ImageMissing', message: 'restore it' }

describe('EventRecorder', () => {
  let made: CoreV1Event[]
  let patches: { namespace: string; name: string; body: { count: number } }[]
  let areForgotten: boolean
  let now: number
  let recorder: EventRecorder

  beforeEach(() => {
    made = []
    patches = []
    areForgotten = false
    now = 0
    const api = {
      createNamespacedEvent: ({ body }: { body: CoreV1Event }) => {
        made.push(body)
        return Promise.resolve(body)
      },
      patchNamespacedEvent: (patch: { namespace: string; name: string; body: { count: number } }) => {
        if (areForgotten) throw new ApiException(404, 'not found', {}, {})
        patches.push(patch)
        return Promise.resolve(at(made, 0))
      },
    }
    recorder = new EventRecorder(api, 'loop.csi.local', silent, () => now)
  })

  const tell = async (...notices: Notice[]): Promise<void> => {
    notices.forEach(recorder.report)
    await recorder[Symbol.asyncDispose]()
  }

  it('writes an Event about the object', async () => {
    await tell(notice)
    expect(made).toMatchObject([
      {
        metadata: { namespace: 'shop' },
        involvedObject: { ...claim, apiVersion: 'v1' },
        type: 'Warning',
        reason: 'ImageMissing',
        message: 'restore it',
        source: { component: 'loop.csi.local' },
        count: 1,
      },
    ])
    expect(at(made, 0).metadata.name).toMatch(/^orders\.[0-9a-f]+$/)
  })

  it('writes that of an object of the whole cluster into the default namespace', async () => {
    await tell({ ...notice, about: { kind: 'Node', namespace: undefined, name: 'n1', uid: 'n1' } })
    expect(at(made, 0)).toMatchObject({ metadata: { namespace: 'default' }, involvedObject: { name: 'n1' } })
    expect(at(made, 0).involvedObject.namespace).toBeUndefined()
  })

  it('repeats a notice only after a while, as the same Event', async () => {
    await tell(notice, notice)
    now = 29 * MINUTE
    await tell(notice)
    expect(patches).toEqual([])
    now = 30 * MINUTE
    await tell(notice)
    expect(made).toHaveLength(1)
    expect(patches).toMatchObject([
      { namespace: 'shop', name: at(made, 0).metadata.name, body: { count: 2 } },
    ])
  })

  it('creates another Event when the API server has deleted the first', async () => {
    await tell(notice)
    areForgotten = true
    now = 90 * MINUTE
    await tell(notice)
    expect(made.map(({ count }) => count)).toEqual([1, 2])
    expect(new Set(made.map(({ metadata }) => metadata.name)).size).toBe(2)
  })

  it('writes a different notice at once', async () => {
    await tell(notice, { ...notice, reason: 'PoolReadOnly' }, { ...notice, about: { ...claim, uid: 'u2' } })
    expect(made).toHaveLength(3)
  })

  it('writes a limited number at once, and the rest when they are reported again', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      ...notice,
      about: { ...claim, uid: `u${index}` },
    }))
    await tell(...many)
    expect(made).toHaveLength(25)
    now = MINUTE
    await tell(...many)
    expect(made).toHaveLength(50)
    expect(new Set(made.map(({ involvedObject }) => involvedObject.uid)).size).toBe(50)
  })

  it('truncates messages that are too long for the API server', async () => {
    await tell({ ...notice, message: 'x'.repeat(2000) })
    expect(at(made, 0).message).toHaveLength(1024)
  })
})
