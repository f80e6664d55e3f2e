import { expect, it } from '@jest/globals'
import { withoutRepetitions, type VolumeIssue } from '../../../../src/volumes/health/issue.ts'

const issue = (status: VolumeIssue['status'], reason: string, message = ''): VolumeIssue => ({
  status,
  reason,
  message,
})

it('each pair of status and reason is there once, the first of them', () => {
  const issues = [
    issue('degraded', 'A', 'first'),
    issue('degraded', 'B'),
    issue('inaccessible', 'A'),
    issue('degraded', 'A', 'second'),
  ]
  expect(withoutRepetitions(issues)).toEqual(issues.slice(0, 3))
})
