import { expect, it } from '@jest/globals'
import { perform } from '../../model/model.ts'
import type { Operation } from '../../model/operations.ts'
import { empty } from '../../model/state.ts'
import { after, nothingYet } from './acknowledgements.ts'
import type { Message } from './messages.ts'

const create: Operation = { call: 'create', volume: 'xfs-a', size: 300 }
const remove: Operation = { call: 'delete', volume: 'xfs-a' }
const { state } = perform(empty, create)

it('knows what was answered, and what was under way', () => {
  const begun: Message = { type: 'begun', kind: 'xfs', operations: [create] }
  const answered: Message = { type: 'answered', kind: 'xfs', states: [state] }
  const deletion: Message = { type: 'begun', kind: 'xfs', operations: [remove] }
  let known = after(nothingYet, begun)
  expect(known.xfs).toEqual({ states: [empty], underWay: [create] })
  known = after(known, answered)
  expect(known.xfs).toEqual({ states: [state], underWay: [] })
  known = after(after(known, deletion), { type: 'serving' })
  expect(known.xfs).toEqual({
    states: [state],
    underWay: [remove],
  })
  expect(known.ext4).toEqual({ states: [empty], underWay: [] })
  expect(after(known, { type: 'working' })).toEqual(nothingYet)
})
