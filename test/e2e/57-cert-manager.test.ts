import { createPublicKey, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { Callers } from './support/callers.ts'
import { deleteCrds, installCertManager, renew, secretOf, stopCertManager } from './support/cert-manager.ts'
import { nodeNames } from './support/cluster.ts'
import { driverPods, install, ready, RELEASE } from './support/driver.ts'
import { kubectl } from './support/kubectl.ts'
import { Namespace } from './support/namespace.ts'

/** Building cert-manager takes Go, its modules, and minutes, so it is asked for. */
const describeIfAsked = process.env['CERT_MANAGER'] === '1' ? describe : describe.skip

describeIfAsked('with the certificates of cert-manager', () => {
  let on: Namespace

  beforeAll(async () => {
    await installCertManager()
    on = await Namespace.make(import.meta.filename)
    await install('tls.mode=cert-manager')
    const certificates = ['ca', 'node', 'controller'].map((name) => `certificate/csi-driver-loop-${name}`)
    await kubectl([
      '--namespace',
      RELEASE,
      'wait',
      '--for=condition=Ready',
      '--timeout=180s',
      ...certificates,
    ])
    // Loads the current certificates, and reconnects.
    await restart('daemonset/csi-driver-loop-node')
    await restart('deployment/csi-driver-loop-controller')
    // The first build takes minutes.
  }, 1_800_000)

  afterAll(async () => {
    await on[Symbol.asyncDispose]()
    // It would create its Secrets again, which Helm does not own.
    await stopCertManager()
    const secrets = ['ca', 'node-tls', 'controller-tls'].map((name) => `secret/csi-driver-loop-${name}`)
    await kubectl(['--namespace', RELEASE, 'delete', '--ignore-not-found', ...secrets])
    await install('tls.mode=helm')
    await restart('daemonset/csi-driver-loop-node')
    await restart('deployment/csi-driver-loop-controller')
    await deleteCrds()
  })

  async function restart(workload: string): Promise<void> {
    await kubectl(['--namespace', RELEASE, 'rollout', 'restart', workload])
    await ready()
  }

  /** With new connections, on every node. */
  async function expectCalls(): Promise<void> {
    await restart('deployment/csi-driver-loop-controller')
    await using callers = new Callers(on, await nodeNames())
    await eventually('calls are made', () => {
      expect(callers.rounds + callers.failures.length).toBeGreaterThan(2)
      return Promise.resolve()
    })
    await callers.stop()
    expect(callers.failures).toEqual([])
  }

  it('the CA is renewed without the certificates that it has signed, and both roles continue, whichever is renewed first', async () => {
    await expectCalls()
    const before = await secretOf(RELEASE, 'csi-driver-loop-ca')
    const ca = await renew(RELEASE, 'csi-driver-loop-ca', 'csi-driver-loop-ca')
    const keyOf = (pem = ''): string =>
      createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString()
    expect(keyOf(ca['tls.crt'])).toBe(keyOf(before['tls.crt']))

    const node = await renew(RELEASE, 'csi-driver-loop-node', 'csi-driver-loop-node-tls')
    expect(node['ca.crt']).toBe(ca['tls.crt'])
    // The controller still has the CA of before, and is signed under it.
    expect((await secretOf(RELEASE, 'csi-driver-loop-controller-tls'))['ca.crt']).toBe(before['tls.crt'])
    await loaded(node['tls.crt'])
    await expectCalls()

    await renew(RELEASE, 'csi-driver-loop-controller', 'csi-driver-loop-controller-tls')
    await expectCalls()
  }, 900_000)

  /** Waits until the driver on every node has this certificate. */
  async function loaded(pem = ''): Promise<void> {
    const expected = new Date(new X509Certificate(pem).validTo).toISOString()
    await eventually('the nodes have loaded it', async () => {
      for (const { metadata } of await driverPods('node')) {
        const log = await kubectl(['--namespace', RELEASE, 'logs', metadata.name])
        expect(log).toContain(`"notAfter":"${expected}"`)
      }
    })
  }
})
