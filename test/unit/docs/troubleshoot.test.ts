import { expect, it } from '@jest/globals'
import { commandsOf } from '../../support/doc-commands.ts'

/** Commands that a reader runs for a diagnosis must not change claims and pods. */
const CHANGES = /^kubectl\b.*\s(annotate|apply|create|delete|edit|label|patch|replace|rollout|run|scale)\b/

it('docs/how-to/troubleshoot.md has no command that changes an object of the cluster', async () => {
  const commands = (await commandsOf('how-to/troubleshoot.md')).split('\n')
  expect(commands.filter((command) => CHANGES.test(command))).toEqual([])
})
