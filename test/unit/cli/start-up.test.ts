import { readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'

/** What is loaded with a module: an import or export of values. */
const STATIC = /^(?:import|export) (?!type\b)(?:[^;]*?from )?'([^']+)'/gm

/** The packages that a module loads, and those of the modules that it loads. */
async function packagesOf(module: URL, seen = new Set<string>()): Promise<Set<string>> {
  const packages = new Set<string>()
  if (seen.has(module.href)) return packages
  seen.add(module.href)
  for (const [, specifier = ''] of (await readFile(module, 'utf8')).matchAll(STATIC)) {
    if (specifier.startsWith('.'))
      for (const found of await packagesOf(new URL(specifier, module), seen)) packages.add(found)
    else if (!specifier.startsWith('node:')) packages.add(specifier)
  }
  return packages
}

it('loads no gRPC and no log before it knows the command: that takes as long as everything else', async () => {
  const packages = await packagesOf(new URL('../../../src/cli/program.ts', import.meta.url))
  expect([...packages].sort()).toEqual(['commander', 'valibot'])
})
