import { readFile } from 'node:fs/promises'

/**
 * `npm run check:dependencies`: what package-lock.json may hold. Each package is pinned by a hash, what the
 * image ships has a licence that goes with Apache-2.0, and nothing runs a script at installation but what is
 * known to.
 */
interface Package {
  readonly version: string
  readonly integrity?: string
  readonly license?: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
}

const LICENSES = new Set(['Apache-2.0', 'BSD-3-Clause', 'ISC', 'MIT', 'PSF-2.0', 'Unlicense'])

/** Native parts, and the Node that the scripts run with. The image is made with none of their scripts. */
const INSTALL_SCRIPTS = new Set(['@parcel/watcher', 'koffi', 'node', 'protobufjs', 'unrs-resolver'])

function* faults(
  name: string,
  { version, integrity, license, dev, hasInstallScript }: Package,
): Iterable<string> {
  if (integrity === undefined) yield `${name} ${version} has no hash`
  if (dev !== true && !LICENSES.has(license ?? ''))
    yield `${name} ${version} has the licence ${license ?? '(none)'}`
  if (hasInstallScript === true && !INSTALL_SCRIPTS.has(name))
    yield `${name} ${version} runs a script at installation`
}

const lock = JSON.parse(await readFile(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, Package>>
}
const found = Object.entries(lock.packages).flatMap(([path, entry]) =>
  path === ''
    ? []
    : [...faults(path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), entry)],
)
if (found.length > 0) {
  console.error(
    `package-lock.json:\n  ${found.join('\n  ')}\nAllow it in tools/dependencies.ts, or take another package.`,
  )
  process.exitCode = 1
}
