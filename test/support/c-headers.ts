import { execFile, spawnSync } from 'node:child_process'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const hasCompiler = spawnSync('cc', ['--version']).status === 0

/** Expressions of C, and the headers that define them. */
export interface Expressions {
  readonly headers: readonly string[]
  /** Macros, which older headers may not have. */
  readonly macros?: readonly string[]
  readonly constants?: readonly string[]
}

/** The values of expressions by the headers of this machine; omits macros that they do not have. */
export async function valuesOf({
  constants = [],
  headers,
  macros = [],
}: Expressions): Promise<Map<string, bigint>> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'csi-driver-loop-'))
  const [source, program] = [join(directory.path, 'values.c'), join(directory.path, 'values')]
  const print = (name: string) => `printf("%lld ${name}\\n", (long long)(${name}));`
  const text = [
    '#define _GNU_SOURCE',
    ...['stddef.h', 'stdio.h', ...headers].map((header) => `#include <${header}>`),
    'int main(void) {',
    ...macros.flatMap((name) => [`#ifdef ${name}`, print(name), '#endif']),
    ...constants.map(print),
    'return 0; }',
  ]
  await writeFile(source, text.join('\n'))
  const execute = promisify(execFile)
  await execute('cc', ['-o', program, source])
  const { stdout } = await execute(program)
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => {
        const space = line.indexOf(' ')
        return [line.slice(space + 1), BigInt(line.slice(0, space))]
      }),
  )
}
