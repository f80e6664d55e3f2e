import { join } from 'node:path'

type Named<Value> = readonly [what: string, value: Value]

/**
 * Strings that are more than they seem to a file system, a C library, a shell, a command line, a log or
 * JavaScript.
 */
export function evilStrings(canary: string): readonly Named<string>[] {
  return [
    ['a path upwards', '../../../../canary/note'],
    ['the path of a file', join(canary, 'note')],
    ['the path of a full directory', canary],
    ['a path through a file', join(canary, 'note', 'below')],
    ['a path with dots', `${canary}/./full/../note`],
    ['a path by a link', join(canary, 'link')],
    ['a dot', '.'],
    ['two dots', '..'],
    ['NUL', `${canary}/note\0.json`],
    ['128 bytes', 'x'.repeat(128)],
    ['129 bytes', 'x'.repeat(129)],
    ['129 bytes of 43 letters', '€'.repeat(43)],
    ['a path of 5000 bytes', `/${'x/'.repeat(2500)}`],
    ['a path with a name of 300 bytes', `/${'x'.repeat(300)}`],
    ['right to left, without width, combined', '\u202e\u200b\ufeffe\u0301🦊'],
    ['no character', '\ufffe\uffff'],
    ['lines', 'a\nb\r\n'],
    ['an option', '--help'],
    ['a command', '$(rm -rf /nowhere);`false`'],
    ['a key of all objects', '__proto__'],
  ]
}

/** As decimal digits, which is how 64 bits are given to the protocol's library. */
export const evilIntegers: Readonly<Record<'int32' | 'int64', readonly string[]>> = {
  int32: ['0', '-1', '1', `${2 ** 31 - 1}`, `${-(2 ** 31)}`],
  int64: [
    '0',
    '-1',
    '1',
    `${2 ** 31 - 1}`,
    `${2 ** 31}`,
    `${2n ** 53n - 1n}`,
    `${2n ** 53n}`,
    `${2n ** 53n + 1n}`,
    `${2n ** 63n - 1n}`,
    `${-(2n ** 63n)}`,
  ],
}
