import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connect, type CsiClient } from '../../src/csi/client.ts'
import { hasErrno } from '../../src/volumes/model/errors.ts'
import { Authority, controllerName } from './certificates.ts'
import { DriverProcess, TestNode } from './driver.ts'

/** A node of a cluster, and where its controller services are. */
export interface Member {
  readonly node: TestNode
  readonly port: number
  /** What `csi-driver-loop node` gets besides. */
  readonly args: readonly string[]
}

/** Node drivers with different names, each with its own disk, and a router before them. No Kubernetes. */
export class TestCluster implements AsyncDisposable {
  readonly members: readonly Member[]
  readonly authority: Authority
  readonly #home: TestNode
  readonly #routerArgs: readonly string[]
  #router: DriverProcess | undefined
  client: CsiClient

  private constructor(
    home: TestNode,
    authority: Authority,
    members: Member[],
    routerArgs: readonly string[],
  ) {
    this.#home = home
    this.authority = authority
    this.members = members
    this.#routerArgs = routerArgs
    this.client = connect(`unix:${this.socket}`)
  }

  static async start(size: number, routerArgs: readonly string[] = []): Promise<TestCluster> {
    await using undo = new AsyncDisposableStack()
    const home = undo.use(await TestNode.make())
    const authority = await Authority.make(join(home.path, 'authority'))
    await authority.issue(join(home.path, 'tls-node'))
    await authority.issue(join(home.path, 'tls-controller'), { name: controllerName })
    const members: Member[] = []
    for (let index = 0; index < size; index++) {
      const node = undo.use(await TestNode.make())
      const port = await freePort()
      const args = ['--listen', `127.0.0.1:${port}`, '--tls-dir', join(home.path, 'tls-node')]
      await node.start({ args })
      members.push({ node, port, args })
    }
    const cluster = new TestCluster(home, authority, members, routerArgs)
    await cluster.startRouter()
    undo.move()
    return cluster
  }

  get socket(): string {
    return join(this.#home.path, 'router.sock')
  }

  directory(name: string): string {
    return join(this.#home.path, name)
  }

  get nodes(): TestNode[] {
    return this.members.map(({ node }) => node)
  }

  get router(): DriverProcess {
    if (!this.#router) throw new Error('the router is not started')
    return this.#router
  }

  async startRouter(): Promise<void> {
    const nodes = this.members.map(({ node, port }) => `${node.id}=127.0.0.1:${port}`).join(',')
    this.#router = new DriverProcess([
      ...['controller', '--endpoint', `unix://${this.socket}`, '--nodes', nodes],
      ...['--tls-dir', this.directory('tls-controller'), ...this.#routerArgs],
    ])
    await this.#router.serving()
    this.client.close()
    this.client = connect(`unix:${this.socket}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close()
    await this.#router?.end('SIGKILL')
    for (const node of this.nodes) await node[Symbol.asyncDispose]()
    await this.#home[Symbol.asyncDispose]()
  }
}

/**
 * A port that nobody has at the moment, and that the kernel gives to nobody else: its own choice begins at
 * 32768.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 30_000)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (error) {
      if (hasErrno(error, 'EADDRINUSE')) continue
      throw error
    }
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}
