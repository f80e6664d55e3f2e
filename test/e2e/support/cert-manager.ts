import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../support/eventually.ts'
import { loadImage } from './cluster.ts'
import { run } from './command.ts'
import { get, kubectl, type KubeObject } from './kubectl.ts'

const SOURCE = fileURLToPath(new URL('cert-manager', import.meta.url))
const NAME = 'cert-manager'
const IMAGE = 'cert-manager-certificates:e2e'

/**
 * Installs cert-manager's CRDs and its controllers of certificates and issuers. They are built of
 * cert-manager's Go module: its images are in registries that a cluster may not reach.
 */
export async function installCertManager(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'cert-manager-'))
  try {
    const program = join(directory, 'cert-manager-certificates')
    await run('env', [
      'CGO_ENABLED=0',
      'go',
      'build',
      '-C',
      SOURCE,
      '-buildvcs=false',
      '-ldflags',
      '-s -w',
      '-o',
      program,
      '.',
    ])
    const dockerfile =
      'FROM scratch\nCOPY cert-manager-certificates /\nENTRYPOINT ["/cert-manager-certificates"]\n'
    await writeFile(join(directory, 'Dockerfile'), dockerfile)
    await run('docker', ['build', '--tag', IMAGE, directory])
    await loadImage(IMAGE)
  } finally {
    await rm(directory, { recursive: true })
  }
  await kubectl(['apply', '--server-side', `--filename=${await crds()}`])
  await kubectl(['apply', '--filename=-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: OBJECTS }),
  })
  await kubectl(['--namespace', NAME, 'rollout', 'status', `deployment/${NAME}`, '--timeout=180s'])
}

/** Ends the controllers; what they have made stays. */
export async function stopCertManager(): Promise<void> {
  await kubectl(['delete', '--ignore-not-found', `clusterrolebinding/${NAME}`, `namespace/${NAME}`])
}

/** With all Certificates and Issuers that there are. */
export async function deleteCrds(): Promise<void> {
  await kubectl(['delete', '--ignore-not-found', `--filename=${await crds()}`])
}

async function crds(): Promise<string> {
  const module = 'github.com/cert-manager/cert-manager'
  return join((await run('go', ['list', '-C', SOURCE, '-m', '-f', '{{.Dir}}', module])).trim(), 'deploy/crds')
}

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>
}

/** The PEM files of a certificate's Secret, which has the certificate's name, or with `-tls`. */
export async function secretOf(namespace: string, secret: string): Promise<Record<string, string>> {
  const { data } = await get<Secret>('secret', secret, '--namespace', namespace)
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  )
}

/** As `cmctl renew`. @returns the files of its Secret after that */
export async function renew(
  namespace: string,
  certificate: string,
  secret: string,
): Promise<Record<string, string>> {
  const before = await secretOf(namespace, secret)
  const condition = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'renewed by a test',
    lastTransitionTime: new Date().toISOString(),
  }
  const patch = JSON.stringify({ status: { conditions: [condition] } })
  await kubectl([
    ...['--namespace', namespace, 'patch', 'certificate', certificate],
    ...['--subresource=status', '--type=merge', `--patch=${patch}`],
  ])
  return eventually(`${certificate} is renewed`, async () => {
    const now = await secretOf(namespace, secret)
    if (now['tls.crt'] === before['tls.crt']) throw new Error('it has the certificate of before')
    return now
  })
}

const OBJECTS: readonly KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: NAME } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: NAME },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: NAME }],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace: NAME },
    spec: {
      selector: { matchLabels: { app: NAME } },
      template: {
        metadata: { labels: { app: NAME } },
        spec: {
          serviceAccountName: NAME,
          containers: [{ name: NAME, image: IMAGE, imagePullPolicy: 'Never' }],
        },
      },
    },
  },
]
