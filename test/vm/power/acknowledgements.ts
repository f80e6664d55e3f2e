import { kindNames } from '../../model/kinds.ts'
import { empty } from '../../model/state.ts'
import type { Acknowledged, Message } from './messages.ts'

/** Nothing is there. */
export const nothingYet: Acknowledged = Object.fromEntries(
  kindNames.map((kind) => [kind, { states: [empty], underWay: [] }]),
)

/** What is known after one more message of a guest. */
export function after(known: Acknowledged, message: Message): Acknowledged {
  switch (message.type) {
    case 'begun': {
      const { states = [empty] } = known[message.kind] ?? {}
      return { ...known, [message.kind]: { states, underWay: message.operations } }
    }
    case 'answered':
      return { ...known, [message.kind]: { states: message.states, underWay: [] } }
    case 'working':
      // All was deleted.
      return nothingYet
    case 'starting':
    case 'serving':
    case 'checked':
    case 'failed':
      return known
  }
}
