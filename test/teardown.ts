import { tmpdir } from 'node:os'
import { leftovers, removeAll } from './support/leftovers.ts'

/** After all tests: takes away what one has left that was cut off by its timeout. */
export default async function teardown(): Promise<void> {
  const directory = tmpdir()
  const left = Object.values(await leftovers(directory)).flat()
  if (left.length > 0) console.error(`left by the tests, and taken away:\n${left.join('\n')}`)
  await removeAll(directory)
}
