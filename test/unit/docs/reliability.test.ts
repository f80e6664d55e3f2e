import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { ROOT } from '../../support/doc-commands.ts'

const page = await readFile(`${ROOT}docs/reliability.md`, 'utf8')
const [, section = ''] = page.split("## The kernel's loop interface")
const named = [...section.matchAll(/`([^` ]+\.ts)`/g)].map(([, path = '']) => path)

it.each([...new Set(named)])('names a test that exists: %s', (path) => {
  expect(existsSync(`${ROOT}test/${path}`)).toBe(true)
})

it('names every test of the loop interface', () => {
  const tests = globSync('{root/loop,vm/guest}/*.test.ts', { cwd: `${ROOT}test` })
  expect(named).toEqual(expect.arrayContaining(tests))
  expect(tests.length).toBeGreaterThan(0)
})
