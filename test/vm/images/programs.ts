import { readFile, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tool } from '../../tool.ts'
import { machineOf, type Architecture } from '../architectures.ts'
import { cached } from '../cache.ts'
import { makeDiskImage } from './disk-image.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** @returns the image of a disk with `node_modules`, which has Node, and `npm` */
export async function programsImage(architecture: Architecture, refresh: boolean): Promise<string> {
  const lock = await readFile(join(ROOT, 'package-lock.json'), 'utf8')
  const ingredients = { name: `programs-${architecture}`, inputs: { lock }, refresh }
  const directory = await cached(ingredients, async (draft) => {
    const tree = join(draft, 'tree')
    await tool('mkdir', tree)
    await tool('cp', '--recursive', await npmDirectory(), join(tree, 'npm'))
    if (machineOf(architecture).cpu === process.arch)
      await tool('cp', '--archive', join(ROOT, 'node_modules'), join(tree, 'node_modules'))
    else await install(architecture, tree, lock)
    await makeDiskImage(join(draft, 'programs.img'), tree, 2)
    await rm(tree, { recursive: true })
  })
  return join(directory, 'programs.img')
}

/** Of the npm that runs this program, or of the first one in the PATH. */
async function npmDirectory(): Promise<string> {
  const cli = process.env['npm_execpath'] ?? (await tool('which', 'npm'))
  return dirname(dirname(await realpath(cli)))
}

/** As `npm ci` would do it on a machine of this architecture. No script of a package is run. */
async function install(architecture: Architecture, tree: string, lock: string): Promise<void> {
  for (const name of ['package.json', 'package-lock.json']) await tool('cp', join(ROOT, name), tree)
  const { cpu } = machineOf(architecture)
  const there = ['--ignore-scripts', '--no-audit', '--no-fund', `--cpu=${cpu}`, '--os=linux', '--libc=glibc']
  await tool('npm', 'ci', ...there, '--prefix', tree)
  // The package `node` installs this one by a script.
  const { version } = (JSON.parse(lock) as Lock).packages['node_modules/node']
  const other = join(tree, 'other')
  await tool('mkdir', other, join(tree, 'node_modules/node/bin'))
  await tool('npm', 'install', ...there, '--prefix', other, `node-linux-${cpu}@${version}`)
  await rename(
    join(other, `node_modules/node-linux-${cpu}/bin/node`),
    join(tree, 'node_modules/node/bin/node'),
  )
  await rm(other, { recursive: true })
}

interface Lock {
  readonly packages: { readonly 'node_modules/node': { readonly version: string } }
}
