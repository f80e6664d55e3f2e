import { describe, expect, it } from '@jest/globals'
import { reportingToClaim } from '../../../src/controller/volumes.ts'
import type { Notice } from '../../../src/controller/cluster-ports.ts'
import { VolumeError } from '../../../src/volumes/model/errors.ts'
import { answer, createRequest } from './fake-cluster.ts'

const uid = '0b6d7a4e-4c0f-4c7e-9a3f-0123456789ab'
const parameters = { 'csi.storage.k8s.io/pvc/namespace': 'shop', 'csi.storage.k8s.io/pvc/name': 'orders' }
const full = answer('RESOURCE_EXHAUSTED', 'n1 is full')

describe('a claim', () => {
  const told = async (error: Error, request = { name: `pvc-${uid}`, parameters }): Promise<Notice[]> => {
    const notices: Notice[] = []
    const report = (notice: Notice): void => {
      notices.push(notice)
    }
    const made = reportingToClaim(report, createRequest(request), () => Promise.reject(error))
    await expect(made).rejects.toBe(error)
    return notices
  }

  it.each<[string, Error, string[]]>([
    ['that its node has no room', full, ['NoRoom']],
    [
      'that its source is elsewhere',
      new VolumeError('resource-exhausted', 'snapshot is on n2'),
      ['SourceOnOtherNode'],
    ],
    ['nothing of a node that is away', new VolumeError('unavailable', 'n1 is away'), []],
    ['nothing of a wrong request', answer('INVALID_ARGUMENT'), []],
  ])('is told %s', async (_, error, reasons) => {
    const notices = await told(error)
    expect(notices.map(({ reason }) => reason)).toEqual(reasons)
    for (const { about } of notices)
      expect(about).toEqual({ kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'orders', uid })
  })

  it.each([
    ['parameters', { name: `pvc-${uid}`, parameters: {} }],
    ['uid', { name: 'orders', parameters }],
  ])('that is not known by its %s is told nothing', async (_, request) => {
    expect(await told(full, request as never)).toEqual([])
  })

  it('with a volume gets no event', async () => {
    const report = (): void => {
      throw new Error('told')
    }
    expect(await reportingToClaim(report, createRequest({}), () => Promise.resolve(42))).toBe(42)
  })
})
