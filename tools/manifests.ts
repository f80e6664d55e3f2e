import { read, writeOrCheck } from './generated.ts'
import { render } from './helm.ts'
import { withTable } from './values-table.ts'

/**
 * `npm run manifests` writes all that is made of the chart; with `--check` it only reports what is out of
 * date. Helm is taken from PATH.
 */
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

await writeOrCheck(files, 'manifests')
