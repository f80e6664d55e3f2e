import { readFile } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { catalogue } from '../../../src/volumes/issues/catalogue.ts'
import type { IssueKind } from '../../../src/volumes/issues/issue-kind.ts'
import { ROOT } from '../../support/doc-commands.ts'
import { rowsOf } from '../../support/doc-tables.ts'

const rows = await rowsOf('reference/health.md')

/** The status that the page says: CSI's, or for issues that CSI's calls do not report how bad they are. */
function statusOf({ severity, status, warnsOnly }: IssueKind): string {
  return status ?? (warnsOnly ? `${severity}, warning` : severity)
}

describe('docs/reference/health.md', () => {
  it.each(Object.entries(catalogue))(
    'has the issues of the catalogue in its section %s',
    (section, kinds) => {
      const expected = Object.entries<IssueKind>(kinds).map(([reason, kind]) => [reason, statusOf(kind)])
      const written = rows.filter(({ heading }) => heading === section)
      expect(written.map(({ cells: [reason, status] }) => [reason, status]).sort()).toEqual(expected.sort())
    },
  )

  it('has no other sections of issues', () => {
    const headings = new Set(rows.map(({ heading }) => heading))
    expect([...headings]).toEqual(Object.keys(catalogue))
  })

  it('has the cause and the remedy of each issue', () => {
    expect(rows.filter(({ cells: [, , cause, remedy] }) => !cause || !remedy)).toEqual([])
  })
})

it('the table of events in docs/how-to/watch.md has the issues that only the controller sees', async () => {
  const text = await readFile(`${ROOT}docs/how-to/watch.md`, 'utf8')
  const cells = [...text.matchAll(/^\| (`[A-Z].*?) \|/gm)].map(([, cell = '']) => cell)
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, reason = '']) => reason))
  const certificates = ['CertificateExpired', 'CertificateExpiring']
  expect(named.sort()).toEqual([...Object.keys(catalogue.Cluster), ...certificates].sort())
})
