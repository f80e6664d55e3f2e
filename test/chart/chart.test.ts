import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { CHART, helm, render, type Rendering } from '../../tools/helm.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const rendered = join(root, 'test/chart/rendered')
let scratch = ''

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'csi-loop-chart-'))
})

afterAll(async () => {
  await rm(scratch, { recursive: true })
})

interface Rendered {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly [field: string]: unknown
}

interface DaemonSet extends Rendered {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly volumeMounts: readonly { readonly name: string }[] }[]
        readonly volumes: readonly { readonly name: string }[]
      }
    }
  }
}

interface Deployment extends Rendered {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly serviceAccountName: string; readonly containers: unknown[] }
    }
  }
}

interface Binding extends Rendered {
  readonly roleRef: { readonly name: string }
  readonly subjects: readonly { readonly name: string }[]
}

interface Certificate {
  readonly duration: string
  readonly renewBefore: string
  readonly privateKey: { readonly rotationPolicy: string }
}

async function objects(...set: string[]): Promise<Rendered[]> {
  const text = await render({ set })
  return parseAllDocuments(text).map((document) => document.toJS() as Rendered)
}

async function lint(values: object): Promise<string> {
  const file = join(scratch, 'values.yaml')
  await writeFile(file, stringify(values))
  return helm(['lint', '--strict', CHART, '--values', file])
}

describe('values', () => {
  it.each(['values.yaml of the chart', 'everything.yaml'])('%s passes', async (name) => {
    const file =
      name === 'everything.yaml' ? join(root, 'test/chart/everything.yaml') : join(CHART, 'values.yaml')
    expect(await helm(['lint', '--strict', CHART, '--values', file])).toContain('0 chart(s) failed')
  })

  it.each([
    ['a misspelled key', { nodes: {} }, 'nodes'],
    ['a misspelled key further in', { node: { maxVolume: 1 } }, 'maxVolume'],
    ['a driver name with capitals', { driverName: 'Loop' }, 'driverName'],
    ['a driver name too long for a topology key', { driverName: 'a'.repeat(55) }, 'driverName'],
    ['a relative path', { dataDir: 'var/lib' }, 'dataDir'],
    ['an unknown log level', { logLevel: 'loud' }, 'logLevel'],
    ['an unknown log format', { logFormat: 'xml' }, 'logFormat'],
    ['no pool', { pools: { default: null } }, 'pools'],
    ['a pool with an unknown key', { pools: { fast: { sise: '1Gi' } } }, 'sise'],
    ['a pool with a size that is none', { pools: { fast: { size: '1 GB' } } }, '/pools/fast/size'],
    ['an overcommit below 1', { pools: { fast: { overcommit: 0.5 } } }, '/pools/fast/overcommit'],
    ['another whenFull', { pools: { fast: { whenFull: 'wait' } } }, '/pools/fast/whenFull'],
    ['a pool image without a size', { pools: { fast: { image: {} } } }, '/pools/fast/image'],
    ['an unknown key of a pool image', { pools: { fast: { image: { size: '1Gi', file: 'x' } } } }, 'file'],
    ['a pool with two sizes', { pools: { fast: { size: '1Gi', image: { size: '1Gi' } } } }, '/pools/fast'],
    ['a pool name that is no name', { pools: { 'A B': {} } }, 'A B'],
    ['a digest that is none', { image: { digest: 'latest' } }, '/image/digest'],
    ['a grace that is none', { controller: { orphanGrace: '9s' } }, '/controller/orphanGrace'],
    ['a tag in the repository', { image: { repository: 'loop:v1' } }, '/image/repository'],
    ['an unknown pull policy', { image: { pullPolicy: 'Sometimes' } }, '/image/pullPolicy'],
    ['a file system that the driver does not know', { storageClasses: { x: { fsType: 'zfs' } } }, 'fsType'],
    [
      'a parameter that the driver does not know',
      { storageClasses: { x: { parameters: { Pool: 'x' } } } },
      'Pool',
    ],
    [
      'a mutable value that it does not know',
      { volumeAttributesClasses: { x: { discard: 'often' } } },
      'discard',
    ],
    ['an unknown reclaim policy', { storageClasses: { x: { reclaimPolicy: 'Recycle' } } }, 'reclaimPolicy'],
    ['snapshots by a word', { snapshots: { enabled: 'maybe' } }, '/snapshots/enabled'],
    [
      'a freeze timeout without a unit',
      { snapshots: { classes: { x: { parameters: { freezeTimeout: '5' } } } } },
      'freezeTimeout',
    ],
    ['alerts by a word', { prometheusRule: { enabled: 'maybe' } }, '/prometheusRule/enabled'],
    ['a dashboard with labels that are none', { dashboard: { labels: { a: 1 } } }, '/dashboard/labels/a'],
    [
      'a receiver of traces without a scheme',
      { tracing: { endpoint: 'collector:4318' } },
      '/tracing/endpoint',
    ],
    ['an unknown step of a rotation', { tls: { rotation: 'all' } }, '/tls/rotation'],
    ['an unknown way to certificates', { tls: { mode: 'none' } }, '/tls/mode'],
    ['existing certificates without their names', { tls: { mode: 'existing' } }, '/tls'],
    ['a duration without a unit', { sidecars: { timeout: '300' } }, '/sidecars/timeout'],
    ['no replica', { controller: { replicas: 0 } }, '/controller/replicas'],
    ['a grace without a unit', { controller: { orphanGrace: '24' } }, '/controller/orphanGrace'],
    ['a port for root', { node: { port: 80 } }, '/node/port'],
    ['a port of a sidecar for the router', { controller: { httpPort: 8082 } }, '/controller/httpPort'],
    ['a toleration that is a word', { node: { tolerations: ['all'] } }, '/node/tolerations'],
    ['a label that is no text', { commonLabels: { tier: 1 } }, '/commonLabels'],
  ])('%s is refused', async (_, values, named) => {
    await expect(lint(values)).rejects.toThrow(named)
  })

  it('one port of a node for two things is refused when it is rendered: lint minds no `fail`', async () => {
    await expect(render({ set: ['node.httpPort=9810'] })).rejects.toThrow(
      'node.port and node.httpPort are both 9810: give them different ports',
    )
  })

  it.each([
    ['the same path', '/mnt/./a', 'pools.a and pools.b have the same path /mnt/a'],
    [
      'one inside the other',
      '/mnt/a/b',
      'of pools.a (/mnt/a) and pools.b (/mnt/a/b) one is inside the other',
    ],
    ['the other inside the one', '/mnt', 'of pools.a (/mnt/a) and pools.b (/mnt) one is inside the other'],
  ])('two pools with %s are refused when they are rendered', async (_, path, message) => {
    const rendering = render({ set: ['pools.a.path=/mnt/a', `pools.b.path=${path}`] })
    await expect(rendering).rejects.toThrow(`${message}: give each a directory of its own`)
  })
})

describe('what is rendered', () => {
  it('takes images from one registry, by digest where there is one', async () => {
    const digest = `sha256:${'0'.repeat(64)}`
    const text = await render({
      set: ['imageRegistry=registry.example.com/mirror', `image.digest=${digest}`],
    })
    const images = [...text.matchAll(/image: (\S+)/g)].map(([, image]) => image)
    expect([...new Set(images)].sort()).toEqual([
      `registry.example.com/mirror/csi-driver-loop@${digest}`,
      'registry.example.com/mirror/sig-storage/csi-provisioner:v6.4.0',
      'registry.example.com/mirror/sig-storage/csi-resizer:v2.3.0',
    ])
  })

  it('enables snapshots only where the cluster has the CRDs, or on request', async () => {
    const kinds = async (...set: string[]) => new Set((await objects(...set)).map(({ kind }) => kind))
    expect(await kinds()).not.toContain('VolumeSnapshotClass')
    expect(await kinds('snapshots.enabled=true')).toContain('VolumeSnapshotClass')
    expect(await kinds('snapshots.enabled=true')).not.toContain('VolumeGroupSnapshotClass')
    expect(await kinds('snapshots.enabled=true', 'groupSnapshots.enabled=true')).toContain(
      'VolumeGroupSnapshotClass',
    )
  })

  it('creates monitors only where the cluster has the Prometheus operator, or on request', async () => {
    const kinds = async (rendering: Rendering) =>
      parseAllDocuments(await render(rendering)).map((document) => (document.toJS() as Rendered).kind)
    expect(await kinds({})).not.toContain('PrometheusRule')
    const apis = ['monitoring.coreos.com/v1/PodMonitor', 'monitoring.coreos.com/v1/PrometheusRule']
    expect(await kinds({ apis })).toEqual(expect.arrayContaining(['PodMonitor', 'PrometheusRule']))
    expect(await kinds({ apis, set: ['prometheusRule.enabled=false'] })).not.toContain('PrometheusRule')
    expect(await kinds({ set: ['prometheusRule.enabled=true'] })).toContain('PrometheusRule')
  })

  it('mounts the directory or the disk of every pool that has one, once, so that a disk that comes later is seen', async () => {
    const daemonSet = (
      await objects(
        'pools.fast.path=/mnt/fast',
        ...['pools.one.path=/mnt/nvme/one', 'pools.one.disk=/mnt/nvme'],
        ...['pools.two.path=/mnt/nvme/two', 'pools.two.disk=/mnt/nvme'],
      )
    ).find(({ kind }) => kind === 'DaemonSet') as DaemonSet | undefined
    const { containers, volumes } = daemonSet?.spec.template.spec ?? {}
    const mounts = containers?.[0]?.volumeMounts.filter(({ name }) => /^(data|pool-)/.test(name))
    const mountPropagation = 'HostToContainer'
    expect(mounts).toEqual([
      { name: 'data', mountPath: '/var/lib/csi-driver-loop', mountPropagation },
      { name: 'pool-fast', mountPath: '/mnt/fast', mountPropagation },
      { name: 'pool-one', mountPath: '/mnt/nvme', mountPropagation },
    ])
    const type = 'DirectoryOrCreate'
    expect(volumes?.filter(({ name }) => name.startsWith('pool-'))).toEqual([
      { name: 'pool-fast', hostPath: { path: '/mnt/fast', type } },
      { name: 'pool-one', hostPath: { path: '/mnt/nvme', type } },
    ])
  })

  it('refuses a pool that is not on its disk', async () => {
    for (const path of ['pools.fast.path=/mnt/nvme2/loop', 'pools.fast.size=1Gi'])
      await expect(render({ set: [path, 'pools.fast.disk=/mnt/nvme'] })).rejects.toThrow(
        /pools\.fast\.path is "(\/mnt\/nvme2\/loop)?": it must be on pools\.fast\.disk, "\/mnt\/nvme"/,
      )
  })

  it('has a Role for each container of the controller, and one ServiceAccount for all, as docs/security.md says', async () => {
    const text = await readFile(join(rendered, 'everything.yaml'), 'utf8')
    const all = parseAllDocuments(text).map((document) => document.toJS() as Rendered)
    const deployment = all.find(({ kind }) => kind === 'Deployment') as Deployment | undefined
    const { serviceAccountName, containers } = deployment?.spec.template.spec ?? {}
    const bindings = all.filter(({ kind }) => /^(Cluster)?RoleBinding$/.test(kind)) as Binding[]
    expect(new Set(bindings.flatMap(({ subjects }) => subjects.map(({ name }) => name)))).toEqual(
      new Set([serviceAccountName]),
    )
    expect(new Set(bindings.map(({ roleRef }) => roleRef.name)).size).toBe(containers?.length)
    expect(containers).toHaveLength(4)
    const page = (await readFile(join(root, 'docs/security.md'), 'utf8')).replace(/\s+/g, ' ')
    expect(page).toContain('all four containers share its ServiceAccount')
  })

  it('trusts more CAs where a ConfigMap has them', async () => {
    const tlsVolumes = async (...set: string[]) =>
      (await objects(...set)).flatMap((one) =>
        one.kind === 'DaemonSet' || one.kind === 'Deployment'
          ? ((one as unknown as DaemonSet).spec.template.spec.volumes.find(({ name }) => name === 'tls') ??
            [])
          : [],
      )
    // Octal for Kubernetes, whose YAML is 1.1.
    expect(await tlsVolumes()).toEqual([
      { name: 'tls', secret: { secretName: 'csi-driver-loop-node-tls', defaultMode: 400 } },
      { name: 'tls', secret: { secretName: 'csi-driver-loop-controller-tls', defaultMode: 440 } },
    ])
    const trust = { configMap: { name: 'both', items: [{ key: 'ca.crt', path: 'trust.crt' }] } }
    const projected = (name: string, defaultMode: number) => ({
      name: 'tls',
      projected: { defaultMode, sources: [{ secret: { name } }, trust] },
    })
    expect(await tlsVolumes('tls.trustConfigMap=both')).toEqual([
      projected('csi-driver-loop-node-tls', 400),
      projected('csi-driver-loop-controller-tls', 440),
    ])
  })

  it('has cert-manager renew the CA with the same key, long before its end: it does not renew what it has signed', async () => {
    const ofName = async (name: string) =>
      (await objects('tls.mode=cert-manager')).find(
        ({ kind, metadata }) => kind === 'Certificate' && metadata.name === name,
      )?.['spec'] as Certificate | undefined
    const ca = await ofName('csi-driver-loop-ca')
    expect(ca?.privateKey.rotationPolicy).toBe('Never')
    for (const name of ['csi-driver-loop-node', 'csi-driver-loop-controller'])
      expect(parseInt(ca?.renewBefore ?? '')).toBeGreaterThan(
        2 * parseInt((await ofName(name))?.duration ?? ''),
      )
  })

  it('passes the pools to the driver unchanged', async () => {
    const configMap = (
      await objects(
        'pools.instant.path=/mnt/hdd/loop',
        'pools.instant.disk=/mnt/hdd',
        'pools.instant.image.size=200Gi',
      )
    ).find(({ kind }) => kind === 'ConfigMap')
    const { 'config.yaml': config } = configMap?.['data'] as Record<string, string>
    expect(parse(config ?? '')).toEqual({
      pools: { default: {}, instant: { path: '/mnt/hdd/loop', image: { size: '200Gi' } } },
    })
  })

  it('leaves the pull policy of the sidecars alone: theirs are other images', async () => {
    const text = await render({ set: ['image.pullPolicy=Never', 'snapshots.enabled=true'] })
    const policies = [...text.matchAll(/image: (\S+)\n +(imagePullPolicy: Never)?/g)]
    expect(policies.map(([, image = '', policy]) => [image.split(':')[0], policy !== undefined])).toEqual([
      ['csi-driver-loop', true],
      ['csi-driver-loop', true],
      ['registry.k8s.io/sig-storage/csi-provisioner', false],
      ['registry.k8s.io/sig-storage/csi-resizer', false],
      ['registry.k8s.io/sig-storage/csi-snapshotter', false],
    ])
  })

  it('takes the kubelet from another directory everywhere', async () => {
    const text = await render({ set: ['kubeletDir=/var/lib/k0s/kubelet'] })
    expect(text).not.toContain('/var/lib/kubelet')
  })

  it('leaves a StorageClass out that is null', async () => {
    const classes = (await objects('storageClasses.loop-btrfs=null')).filter(
      ({ kind }) => kind === 'StorageClass',
    )
    expect(classes.map(({ metadata }) => metadata.name)).toEqual(['loop', 'loop-xfs'])
  })

  it('names all objects after the release', async () => {
    const other = await helm([
      'template',
      'second',
      CHART,
      '--namespace',
      'x',
      '--set',
      'driverName=second.loop',
    ])
    for (const document of parseAllDocuments(other)) {
      const { kind, metadata } = document.toJS() as Rendered
      if (!['StorageClass', 'CSIDriver'].includes(kind))
        expect(metadata.name).toMatch(/^second-csi-driver-loop/)
    }
  })
})

interface Verdict {
  readonly status: string
  readonly message?: string
}

/** Of other projects, and the one of a later Kubernetes. */
const WITHOUT_SCHEMA =
  /failed to locate OpenAPI spec for GV: (cert-manager\.io|monitoring\.coreos\.com|(group)?snapshot\.storage\.k8s\.io)|VolumeAttributesClass/

describe('Kubernetes 1.30 accepts', () => {
  it.each(['test/chart/rendered', 'deploy', 'deploy/examples'])('%s', async (directory) => {
    const files = (await readdir(join(root, directory))).filter((name) => name.endsWith('.yaml'))
    const answer = await promisify(execFile)('kubectl-validate', [
      ...['--version', '1.30', '--output', 'json'],
      ...files.map((name) => join(root, directory, name)),
    ]).catch((error: unknown) => error as { stdout: string })
    const refusals = Object.values(JSON.parse(answer.stdout) as Record<string, Verdict[]>)
      .flat()
      .filter(({ status }) => status === 'Failure')
      .map(({ message = '' }) => message)
    expect(refusals.filter((message) => !WITHOUT_SCHEMA.test(message))).toEqual([])
  })
})

it('has a rendered copy of everything', async () => {
  const text = await readFile(join(rendered, 'everything.yaml'), 'utf8')
  for (const kind of [
    'PodMonitor',
    'PrometheusRule',
    'Certificate',
    'VolumeGroupSnapshotClass',
    'VolumeAttributesClass',
    'NetworkPolicy',
  ])
    expect(text).toContain(`kind: ${kind}`)
})
