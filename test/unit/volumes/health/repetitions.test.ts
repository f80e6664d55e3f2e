import { expect, it } from '@jest/globals'
import { withoutRepetitions } from '../../../../src/volumes/health/volume-health.ts'
import type { Reason, VolumeIssue } from '../../../../src/volumes/issues/catalogue.ts'

const issue = (status: VolumeIssue['status'], reason: Reason, message = ''): VolumeIssue => ({
  status,
  reason,
  message,
})

it('each pair of status and reason is there once, the first of them', () => {
  const issues = [
    issue('degraded', 'DeviceLost', 'first'),
    issue('degraded', 'DeviceTooSmall'),
    issue('inaccessible', 'DeviceLost'),
    issue('degraded', 'DeviceLost', 'second'),
  ]
  expect(withoutRepetitions(issues)).toEqual(issues.slice(0, 3))
})
