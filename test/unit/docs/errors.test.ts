import { expect, it } from '@jest/globals'
import ts from 'typescript'
import { rowsOf, type Row } from '../../support/doc-tables.ts'
import { nodesIn, sources, textOf } from '../../support/source-texts.ts'

/** A message with fewer letters of its own only hands on what another has said. */
const FEWEST_LETTERS = 8

interface Thrown {
  readonly where: string
  readonly message: string
  /** Undefined where it is the caller that knows. */
  readonly code: string | undefined
}

function thrownIn(file: ts.SourceFile): Thrown[] {
  return nodesIn(file)
    .filter(ts.isNewExpression)
    .flatMap((made) => {
      const name = made.expression.getText()
      const [kind, second] = made.arguments ?? []
      if (!['VolumeError', 'PoolUnreachableError', 'FileSystemMissing'].includes(name) || !kind || !second)
        return []
      // This error begins with the problem.
      const said = name === 'FileSystemMissing' ? kind : second
      const message = textOf(said) ?? ''
      if (message.replaceAll(/[^a-z]/gi, '').length < FEWEST_LETTERS) return []
      const codes = { VolumeError: codeOf(kind), FileSystemMissing: 'FAILED_PRECONDITION' }
      const code = name in codes ? codes[name as keyof typeof codes] : 'UNAVAILABLE'
      return [{ where: file.fileName, message, code }]
    })
}

function codeOf(kind: ts.Expression): string | undefined {
  return ts.isStringLiteral(kind) ? kind.text.toUpperCase().replaceAll('-', '_') : undefined
}

/**
 * `<…>` is anything. At the beginning it may be missing: what names the subject is often put before it by
 * another function.
 */
function patternOf({ cells: [message = ''] }: Row): RegExp {
  const own = message.replace(/^<[^>]*>;? ?/, '')
  const parts = own.split(/<[^>]*>/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${own === message ? '' : '(?:.*?)'}${parts.join('.*')}$`)
}

const rows = (await rowsOf('reference/errors.md')).map((row) => ({ ...row, pattern: patternOf(row) }))
const files = await sources()

it('every error that a caller can see has a row under its code', () => {
  const missing = files
    .flatMap(thrownIn)
    .filter(({ code, message }) =>
      rows.every(
        ({ heading, pattern }) => !(code === undefined || heading === code) || !pattern.test(message),
      ),
    )
  expect(missing).toEqual([])
})

it('every row is of a message that there is', () => {
  const texts = files.flatMap(nodesIn).flatMap((node) => (ts.isExpression(node) ? (textOf(node) ?? []) : []))
  const stale = rows.filter(({ pattern }) => !texts.some((text) => pattern.test(text)))
  expect(stale.map(({ cells: [message] }) => message)).toEqual([])
})
