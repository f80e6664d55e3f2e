import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { render } from './helm.ts'
import { withTable } from './values-table.ts'

/**
 * `npm run manifests` writes all that is made of the chart; with `--check` it only tells what is out of date. Helm is
 * taken from PATH.
 */
const root = fileURLToPath(new URL('../', import.meta.url))

const README = 'charts/csi-driver-loop/README.md'

const SNAPSHOTS = [
  'snapshot.storage.k8s.io/v1/VolumeSnapshotClass',
  'groupsnapshot.storage.k8s.io/v1/VolumeGroupSnapshotClass',
]
const ATTRIBUTES = 'storage.k8s.io/v1/VolumeAttributesClass'

const HEAD = `# Made of charts/csi-driver-loop by \`npm run manifests\`. See deploy/README.md.
apiVersion: v1
kind: Namespace
metadata:
  name: csi-driver-loop
  labels: {pod-security.kubernetes.io/enforce: privileged}
`

/** Every file that is made, and how. */
const files: Readonly<Record<string, () => Promise<string>>> = {
  'deploy/csi-driver-loop.yaml': async () =>
    HEAD + (await render({ set: ['tls.mode=cert-manager'], apis: [ATTRIBUTES, ...SNAPSHOTS] })),
  'deploy/csi-driver-loop-without-snapshots.yaml': async () =>
    HEAD + (await render({ set: ['tls.mode=cert-manager'] })),
  'test/chart/rendered/defaults.yaml': () => render({ tests: true }),
  'test/chart/rendered/everything.yaml': () =>
    render({
      values: 'test/chart/everything.yaml',
      apis: [ATTRIBUTES, ...SNAPSHOTS],
      tests: true,
    }),
  [README]: async () => withTable(await read(README), await read('charts/csi-driver-loop/values.yaml')),
}

const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values
const stale: string[] = []
for (const [file, make] of Object.entries(files)) {
  const made = await make()
  if (made === (await read(file))) continue
  stale.push(file)
  if (!check) await writeFile(root + file, made)
}
if (stale.length > 0) {
  console.log(`${check ? 'Out of date' : 'Written'}: ${stale.join(', ')}`)
  if (check) {
    console.error('Run `npm run manifests` and commit what it changes.')
    process.exitCode = 1
  }
}

/** @returns an empty text for a file that is not there yet */
function read(file: string): Promise<string> {
  return readFile(root + file, 'utf8').catch(() => '')
}
