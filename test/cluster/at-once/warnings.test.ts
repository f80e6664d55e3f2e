import { expect, it } from '@jest/globals'
import { tallyWarnings, type Event } from './warnings.ts'

const warning = (reason: string, message: string, others: object = {}): Event => ({
  metadata: { name: 'event' },
  type: 'Warning',
  reason,
  message,
  ...others,
})

it('events of other types are no warnings', () => {
  expect(tallyWarnings([{ ...warning('Pulled', 'image'), type: 'Normal' }])).toEqual([])
})

it('warnings that differ by the names of objects are of one kind', () => {
  const events = [
    warning('FailedMount', 'volume "pvc-7ab7cbbd-f1bd-4b66-8c4f-0c1d6d01e4d7" of at-once-12: timed out', {
      count: 3,
    }),
    warning('FailedMount', 'volume "pvc-11111111-f1bd-4b66-8c4f-0c1d6d01e4d7" of at-once-7: timed out', {
      series: { count: 2 },
    }),
    warning('FailedMount', 'other'),
    warning('FailedScheduling', 'other'),
  ]
  expect(tallyWarnings(events)).toEqual([
    { reason: 'FailedMount', message: 'volume "pvc-…" of at-once-…: timed out', events: 2, times: 5 },
    { reason: 'FailedMount', message: 'other', events: 1, times: 1 },
    { reason: 'FailedScheduling', message: 'other', events: 1, times: 1 },
  ])
})

it('the first line of a message counts', () => {
  expect(tallyWarnings([warning('Failed', 'first\nsecond')])[0]?.message).toBe('first')
})
