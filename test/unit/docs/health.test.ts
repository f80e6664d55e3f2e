import { expect, it } from '@jest/globals'
import { rowsOf } from '../../support/doc-tables.ts'
import { sources } from '../../support/source-texts.ts'

/** Where a reason is given: as a property, as a constant, or to one of the errors that have one. */
const GIVEN = /(?:\breason(?::| =) |new (?:PoolUnreachableError|ImageDamage)\(\s*)'(\w+)'/g

const texts = (await sources()).map(({ text }) => text)
const rows = await rowsOf('reference/health.md')
const documented = rows.map(({ cells: [reason = ''] }) => reason)

it('every reason that is given has a row', () => {
  const given = new Set(texts.flatMap((text) => [...text.matchAll(GIVEN)].map(([, reason = '']) => reason)))
  expect([...given].filter((reason) => !documented.includes(reason))).toEqual([])
})

it('every row is of a reason that there is, and there are no two of one', () => {
  expect(documented.filter((reason) => !texts.some((text) => text.includes(`'${reason}'`)))).toEqual([])
  expect(documented).toEqual([...new Set(documented)])
})
