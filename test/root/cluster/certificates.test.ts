import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { Certificates } from '../../../src/csi/certificates.ts'
import { connectToNode } from '../../../src/csi/tls.ts'
import { messageOf } from '../../../src/volumes/model/errors.ts'
import { describeRoot } from '../../root.ts'
import { Authority, controllerName } from '../../support/certificates.ts'
import { TestCluster } from '../../support/cluster.ts'
import type { DriverProcess } from '../../support/driver.ts'
import { eventually } from '../../support/eventually.ts'
import { nothing } from '../../support/leftovers.ts'
import { Pages } from '../../support/pages.ts'
import { MiB, blockCapability } from '../../support/volume.ts'

const CHANGED = 'the certificates have changed'

/** Makes, finds and deletes volumes on all nodes by the router until it is stopped. */
class Callers {
  readonly failures: string[] = []
  calls = 0
  #isStopped = false
  readonly #running: Promise<unknown>

  constructor(cluster: TestCluster) {
    this.#running = Promise.all(cluster.nodes.map((node) => this.#call(cluster, node.id)))
  }

  async #call({ client: { controller } }: TestCluster, node: string): Promise<void> {
    const terms = [{ segments: { 'topology.loop.csi.local/node': node } }]
    while (!this.#isStopped) {
      try {
        const { volume } = await controller.createVolume({
          name: `${node}-${this.calls}`,
          capacityRange: { requiredBytes: MiB },
          volumeCapabilities: [blockCapability()],
          accessibilityRequirements: { requisite: terms, preferred: terms },
        })
        await controller.listVolumes({})
        await controller.deleteVolume({ volumeId: volume?.volumeId ?? '' })
        this.calls += 3
      } catch (error) {
        this.failures.push(messageOf(error))
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }
}

describeRoot('the certificates of a running cluster', () => {
  let cluster: TestCluster
  let routerPages: Pages

  beforeEach(async () => {
    routerPages = await Pages.make()
    cluster = await TestCluster.start(2, routerPages.args)
  })

  afterEach(async () => {
    await using _cleared = cluster
    await cluster.router.end('SIGTERM')
    for (const node of cluster.nodes) expect(await node.stop()).toEqual(nothing)
  })

  const changes = ({ log }: DriverProcess): number => log.filter(({ msg }) => msg === CHANGED).length

  /** Changes a directory, and waits until those that use it have loaded it. */
  async function change(name: 'tls-node' | 'tls-controller', work: (path: string) => Promise<unknown>) {
    const users = name === 'tls-node' ? cluster.nodes.map(({ driver }) => driver) : [cluster.router]
    const before = users.map(changes)
    await work(cluster.directory(name))
    await eventually(`${name} is loaded`, () => {
      expect(users.map(changes)).toEqual(before.map((count) => count + 1))
      return Promise.resolve()
    })
  }

  /** Connections that are there go on, so each step is tried with new ones. */
  async function connectAnew(): Promise<void> {
    using certificates = await Certificates.open(
      cluster.directory('tls-controller'),
      pino({ level: 'silent' }),
    )
    for (const { port } of cluster.members) {
      using client = connectToNode(`127.0.0.1:${port}`, certificates.identity)
      expect(await client.identity.probe({})).toEqual({ ready: { value: true } })
    }
  }

  it('and their CA are rotated in steps in any order of the roles, and no call is lost', async () => {
    const { authority } = cluster
    const next = await Authority.make(join(cluster.directory('next')))
    const trusting = [authority, next]
    const callers = new Callers(cluster)
    const steps: (() => Promise<void>)[] = [
      () => change('tls-controller', (path) => Authority.trust(path, authority, next)),
      () => change('tls-node', (path) => Authority.trust(path, authority, next)),
      () => change('tls-node', (path) => next.issue(path, { trusting })),
      () => change('tls-controller', (path) => next.issue(path, { name: controllerName, trusting })),
      () => change('tls-controller', (path) => Authority.trust(path, next)),
      () => change('tls-node', (path) => Authority.trust(path, next)),
    ]
    for (const step of steps) {
      const before = callers.calls
      await step()
      await connectAnew()
      await eventually('calls go on', () => {
        expect(callers.calls).toBeGreaterThan(before)
        return Promise.resolve()
      })
    }
    await callers.stop()
    expect(callers.failures).toEqual([])
  })

  it('are in the metrics of both roles', async () => {
    const [member] = cluster.members
    if (!member) throw new Error('two nodes were started')
    const nodePages = await Pages.make()
    await member.node.driver.end('SIGTERM')
    await member.node.start({ args: [...member.args, ...nodePages.args] })
    const now = Date.now() / 1000
    for (const pages of [nodePages, routerPages]) {
      const [, text] = await pages.get('/metrics')
      const valueOf = (metric: string, file: string): number => {
        const found = new RegExp(
          `^csi_driver_loop_certificate_${metric}\\{file="${file}"\\} (\\S+)$`,
          'm',
        ).exec(text)
        return Number(found?.[1])
      }
      expect(valueOf('expiration_timestamp_seconds', 'tls.crt')).toBeGreaterThan(now)
      expect(valueOf('expiration_timestamp_seconds', 'ca.crt')).toBeGreaterThan(now + 86_400)
      expect(valueOf('not_before_timestamp_seconds', 'tls.crt')).toBeLessThanOrEqual(now)
    }
  })
})
