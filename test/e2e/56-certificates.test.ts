import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { commandsOf, ROOT } from '../support/doc-commands.ts'
import { Callers } from './support/callers.ts'
import { nodeNames } from './support/cluster.ts'
import { run } from './support/command.ts'
import { driverPods, RELEASE } from './support/driver.ts'
import { get, kubectl, type KubeObject } from './support/kubectl.ts'
import { Namespace } from './support/namespace.ts'

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>
}

let on: Namespace

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
})

afterAll(() => on[Symbol.asyncDispose]())

/** The certificate of a role, and the CAs that it trusts. */
async function certificatesOf(component: 'node' | 'controller') {
  const { data } = await get<Secret>('secret', `csi-driver-loop-${component}-tls`, '--namespace', RELEASE)
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString()
  const authorities = text('ca.crt').match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []
  return {
    keys: Object.keys(data).sort(),
    own: new X509Certificate(text('tls.crt')),
    authorities: authorities.map((pem) => new X509Certificate(pem)),
  }
}

/** The router logs each call that fails on the way to a node. */
async function failedCalls(): Promise<string[]> {
  const log = await kubectl([
    ...['--namespace', RELEASE, 'logs', 'deployment/csi-driver-loop-controller', '--container=router'],
  ])
  return log
    .split('\n')
    .filter((line) => /"code":"(UNAVAILABLE|INTERNAL|UNAUTHENTICATED|UNKNOWN)"/.test(line))
}

it('certificates made by helm and their CA are rotated as docs/how-to/certificates.md says, and no call is lost', async () => {
  const pods = async (): Promise<string[]> =>
    [...(await driverPods('node')), ...(await driverPods('controller'))].map(({ metadata }) => metadata.name)
  const before = { pods: await pods(), node: await certificatesOf('node'), failed: await failedCalls() }
  await using callers = new Callers(on, await nodeNames())
  await run('bash', ['-euo', 'pipefail', '-c', `cd ${ROOT}\n${await commandsOf('how-to/certificates.md')}`])
  const rounds = callers.rounds
  await callers.stop()
  expect(callers.failures).toEqual([])
  expect(callers.rounds).toBeGreaterThan(rounds)
  expect(await failedCalls()).toEqual(before.failed)
  expect((await pods()).sort()).toEqual(before.pods.sort())
  for (const component of ['node', 'controller'] as const) {
    const { keys, own, authorities } = await certificatesOf(component)
    expect(keys).toEqual(['ca.crt', 'tls.crt', 'tls.key'])
    expect(authorities).toHaveLength(1)
    expect(authorities[0]?.fingerprint256).not.toBe(before.node.authorities[0]?.fingerprint256)
    expect(authorities[0] && own.verify(authorities[0].publicKey)).toBe(true)
  }
}, 1_200_000)

it('a step of the rotation out of order is refused', async () => {
  const upgrade = [
    'upgrade',
    RELEASE,
    `${ROOT}charts/csi-driver-loop`,
    '--namespace',
    RELEASE,
    '--reuse-values',
  ]
  await expect(run('helm', [...upgrade, '--set', 'tls.rotation=switch'])).rejects.toThrow(
    /upgrade with tls\.rotation=trust first/,
  )
})
