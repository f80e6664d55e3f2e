#!/usr/bin/env node
/**
 * Stands for kubectl. FAKE_KUBECTL names a directory: `answers.json` there has pairs of a regular expression
 * for the arguments, joined by spaces, and what is printed then, `{stdout, stderr, code}`; `log` gets the
 * arguments of each call, one JSON array a line, and `input` what comes by standard input where there is some
 * to be read.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const directory = process.env['FAKE_KUBECTL'] ?? ''
const args = process.argv.slice(2)
appendFileSync(join(directory, 'log'), `${JSON.stringify(args)}\n`)
if (args.includes('--stdin')) writeFileSync(join(directory, 'input'), readFileSync(0))
const answers = JSON.parse(readFileSync(join(directory, 'answers.json'), 'utf8'))
const line = args.join(' ')
const found = answers.find(([pattern]) => new RegExp(pattern).test(line))
const { stdout = '', stderr = '', code = 0 } = found?.[1] ?? { stderr: `unexpected: ${line}`, code: 1 }
process.stderr.write(stderr)
process.stdout.write(Buffer.from(stdout, 'latin1'))
process.exitCode = code
