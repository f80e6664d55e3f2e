import { describe, expect, it } from '@jest/globals'
import { explain, type Observation } from './explain.ts'
import type { Operation } from './operations.ts'
import { empty, withVolume } from './state.ts'

const unused = { size: 8, source: undefined, stamp: 0, isStaged: false, isPublished: false }
const made = withVolume(empty, 'block-a', unused)

const create: Operation = { call: 'create', volume: 'block-a', size: 8 }
const stage: Operation = { call: 'stage', volume: 'block-a' }
const remove: Operation = { call: 'delete', volume: 'block-a' }

const ended = (operation: Operation, outcome: string): Observation => ({ operation, outcome })

describe('what the model can explain', () => {
  it.each([
    ['a call as CSI has it', [ended(create, 'OK 8')], 1],
    ['not a call that made another size', [ended(create, 'OK 16')], 0],
    ['not a single call that is aborted', [ended(create, 'ABORTED')], 0],
    ['one order of two calls', [ended(stage, 'OK'), ended(remove, 'FAILED_PRECONDITION')], 1],
    ['the other order', [ended(stage, 'NOT_FOUND'), ended(remove, 'OK')], 1],
    ['not what no order allows', [ended(stage, 'OK'), ended(remove, 'OK')], 0],
    ['both orders of what leaves two things', [ended(create, 'OK 8'), ended(remove, 'OK')], 2],
    ['a pair of which one is aborted', [ended(stage, 'OK'), ended(remove, 'ABORTED')], 1],
  ])('is %s', (_, observations, states) => {
    expect(explain([made], observations)).toHaveLength(states)
  })
})
