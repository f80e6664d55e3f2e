import { makeProgram as makeKubectlProgram } from '../src/cli/kubectl/program.ts'
import { makeProgram } from '../src/cli/program.ts'
import { commandLinePage } from './command-line/page.ts'
import { writeOrCheck } from './generated.ts'

/**
 * `npm run reference` writes the page of the command line; with `--check` it only reports whether it is out
 * of date.
 */
await writeOrCheck(
  {
    'docs/reference/command-line.md': () => commandLinePage(makeProgram(), makeKubectlProgram()),
  },
  'reference',
)
