import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, jest } from '@jest/globals'
import { makeProgram, runProgram } from '../../../src/cli/program.ts'
import { commandLine } from '../../support/command-line.ts'
import { makeWorld } from '../volumes/world.ts'
import { machineOf } from './fake-machine.ts'

/** The completions behind these words, of which the last one is partial or empty. */
async function offered(...words: string[]): Promise<string[]> {
  const env = { LOOP_DATA_DIR: '/none' }
  const { stdout } = await commandLine(['complete', '--', ...words], { env })
  const lines = stdout.trimEnd().split('\n')
  expect(lines.at(-1)).toMatch(/^:\d+$/)
  return lines.slice(0, -1).map((line) => line.split('\t')[0] ?? '')
}

describe('completion', () => {
  it.each([
    [['vol'], ['volume']],
    [['completi'], ['completion']],
    [['volume', 'tr'], ['trim']],
    [['volume', 'show', ''], []],
    [
      ['pool', ''],
      ['ls', 'df', 'help'],
    ],
    [['volume', 'import', '--prov'], ['--provisioning']],
    [
      ['volume', 'import', '--provisioning', ''],
      ['thin', 'thick'],
    ],
  ])('of %j', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected)
  })

  it.each([
    [['--config', '<file>']],
    [['--config=<file>']],
    [['--json', '--config=<file>', '--data-dir', '/none']],
  ])('offers the volumes of the data directory after %j', async (options) => {
    await using world = await makeWorld()
    const file = join(world.directory, 'config.yaml')
    await writeFile(file, `pools: {default: {path: ${world.config.path}}}`)
    const { id } = await world.create('db')
    const words = ['volume', 'show', ...options.map((option) => option.replace('<file>', file)), '']
    const out = jest.spyOn(console, 'log').mockReturnValue()
    const program = makeProgram(() => Promise.resolve(machineOf(world)))
    await runProgram(program, ['node', 'csi-driver-loop', 'complete', '--', ...words])
    const printed = out.mock.calls.flat()
    out.mockRestore()
    expect(printed).toEqual([`${id}\tdb`, ':4'])
  })

  it('offers commands also where the volumes cannot be read', async () => {
    const env = { LOOP_CONFIG: '/none/config.yaml' }
    const { code, stdout } = await commandLine(['complete', '--', 'volume', 'tr'], { env })
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^trim\t/)])
  })

  it('offers every command that the help lists', async () => {
    const { stdout } = await commandLine(['--help'])
    const listed = [...(stdout.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)].map(
      ([, name]) => name,
    )
    expect(listed).toEqual(expect.arrayContaining(['node', 'doctor', 'volume', 'loop', 'completion']))
    expect((await offered('')).sort()).toEqual(listed.sort())
  })

  it.each(['bash', 'zsh', 'fish'])('has a script for %s, which calls complete', async (shell) => {
    const { code, stdout } = await commandLine(['completion', shell])
    expect(code).toBe(0)
    expect(stdout).toContain('csi-driver-loop complete --')
  })

  it('has a script that bash understands', async () => {
    const { stdout } = await commandLine(['completion', 'bash'])
    const bash = execFile('bash', ['-n'])
    bash.stdin?.end(stdout)
    expect(await new Promise((resolve) => bash.once('close', resolve))).toBe(0)
  })
})
