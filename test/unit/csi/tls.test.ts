import { once } from 'node:events'
import { copyFile, readFile, unlink, writeFile } from 'node:fs/promises'
import { connect as connectTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { connect as connectTls, createSecureContext } from 'node:tls'
import { credentials, status } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { Certificates, type Validity } from '../../../src/csi/certificates.ts'
import { connect, type CsiClient } from '../../../src/csi/client.ts'
import { csi } from '../../../src/csi/protocol.ts'
import type { RemotePortLimits } from '../../../src/csi/remote-port.ts'
import { CsiServer } from '../../../src/csi/server.ts'
import { connectToNode, forControllerOnly, MutualTlsCredentials } from '../../../src/csi/tls.ts'
import { Scratch } from '../../scratch.ts'
import { Authority, controllerName } from '../../support/certificates.ts'
import { freePort } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import { refusal } from '../../support/refusal.ts'
import { silent } from '../volumes/world.ts'

const POLL_MS = 20

let scratch: Scratch
let authority: Authority
let stranger: Authority
let controllerDir: string

beforeAll(async () => {
  scratch = await Scratch.make()
  authority = await Authority.make(join(scratch.path, 'authority'))
  stranger = await Authority.make(join(scratch.path, 'stranger'))
  controllerDir = await authority.issue(join(scratch.path, 'controller'), { name: controllerName })
})

afterAll(() => scratch[Symbol.asyncDispose]())

/** A server as a node has it, with a certificate that can be replaced. */
class TlsNode implements AsyncDisposable {
  readonly directory: string
  readonly address: string
  readonly #server: CsiServer
  readonly #certificates: Certificates

  private constructor(directory: string, address: string, server: CsiServer, certificates: Certificates) {
    this.directory = directory
    this.address = address
    this.#server = server
    this.#certificates = certificates
  }

  static async start(directory: string, limits?: RemotePortLimits): Promise<TlsNode> {
    const certificates = await Certificates.open(directory, silent, POLL_MS)
    const server = new CsiServer(silent, undefined, forControllerOnly)
    server.add(csi().Identity, { getPluginInfo: () => ({ name: 'loop.csi.local' }) })
    const address = { host: '127.0.0.1', port: await freePort() }
    await server.listenRemotely(address, new MutualTlsCredentials(certificates), limits)
    return new TlsNode(directory, `${address.host}:${address.port}`, server, certificates)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#certificates[Symbol.dispose]()
    await this.#server.stop()
  }
}

async function clientWith(directory: string, address: string): Promise<CsiClient> {
  using certificates = await Certificates.open(directory, silent)
  return connectToNode(address, certificates.identity)
}

async function ask(directory: string, address: string): Promise<string> {
  using client = await clientWith(directory, address)
  return (await client.identity.getPluginInfo({})).name
}

const turnedAway = { code: status.UNAVAILABLE }

describe('a node that serves the controller role', () => {
  let node: TlsNode

  beforeEach(async () => {
    node = await TlsNode.start(await authority.issue(join(scratch.path, `node-${Math.random()}`)))
  })

  afterEach(() => node[Symbol.asyncDispose]())

  it('answers it', async () => {
    expect(await ask(controllerDir, node.address)).toBe('loop.csi.local')
  })

  it('does not accept a connection without TLS', async () => {
    using client = connect(node.address)
    await expect(client.identity.getPluginInfo({})).rejects.toMatchObject(turnedAway)
  })

  it('does not accept a client without a certificate', async () => {
    const ca = await readFile(join(controllerDir, 'ca.crt'))
    const channel = credentials.createFromSecureContext(createSecureContext({ ca, minVersion: 'TLSv1.3' }))
    using client = connect(node.address, channel, { 'grpc.ssl_target_name_override': 'csi-driver-loop-node' })
    await expect(client.identity.getPluginInfo({})).rejects.toMatchObject(turnedAway)
  })

  it('does not accept TLS 1.2', async () => {
    using certificates = await Certificates.open(controllerDir, silent)
    const old = { ...certificates.identity, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
    const channel = credentials.createFromSecureContext(createSecureContext(old))
    using client = connect(node.address, channel, { 'grpc.ssl_target_name_override': 'csi-driver-loop-node' })
    await expect(client.identity.getPluginInfo({})).rejects.toMatchObject(turnedAway)
  })

  it('does not accept a certificate of another CA', async () => {
    const directory = await stranger.issue(join(scratch.path, 'strange-controller'), { name: controllerName })
    await copyFile(join(controllerDir, 'ca.crt'), join(directory, 'ca.crt'))
    await expect(ask(directory, node.address)).rejects.toMatchObject(turnedAway)
  })

  it('does not accept an expired certificate', async () => {
    const directory = await authority.issue(join(scratch.path, 'expired'), {
      name: controllerName,
      expired: true,
    })
    await setTimeout(1100)
    await expect(ask(directory, node.address)).rejects.toMatchObject(turnedAway)
  })

  it('refuses other nodes', async () => {
    await expect(ask(node.directory, node.address)).rejects.toMatchObject(
      refusal('UNAUTHENTICATED', /only csi-driver-loop-controller may call this/),
    )
  })

  it('takes new certificates without a restart, and of another authority', async () => {
    await stranger.issue(node.directory)
    const directory = await stranger.issue(join(scratch.path, 'new-controller'), { name: controllerName })
    await setTimeout(10 * POLL_MS)
    expect(await ask(directory, node.address)).toBe('loop.csi.local')
    await expect(ask(controllerDir, node.address)).rejects.toMatchObject(turnedAway)
  })

  it('keeps the old ones while the files do not fit', async () => {
    const other = await authority.issue(join(scratch.path, 'other'))
    await copyFile(join(other, 'tls.key'), join(node.directory, 'tls.key'))
    await setTimeout(10 * POLL_MS)
    expect(await ask(controllerDir, node.address)).toBe('loop.csi.local')
    await unlink(join(node.directory, 'tls.crt'))
    await setTimeout(10 * POLL_MS)
    expect(await ask(controllerDir, node.address)).toBe('loop.csi.local')
  })
})

describe('the port of a node', () => {
  let node: TlsNode
  let sockets: Socket[]

  const listen = async (limits: Partial<RemotePortLimits>): Promise<void> => {
    const directory = await authority.issue(join(scratch.path, `node-${Math.random()}`))
    node = await TlsNode.start(directory, { maxUnproven: 64, proofMs: 60_000, ...limits })
  }

  beforeEach(() => {
    sockets = []
  })

  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await node[Symbol.asyncDispose]()
  })

  async function open(): Promise<Socket> {
    const { hostname, port } = new URL(`tcp://${node.address}`)
    const socket = connectTcp(Number(port), hostname)
    sockets.push(socket)
    socket.on('error', () => undefined).resume()
    await once(socket, 'connect')
    return socket
  }

  const closed = async (socket: Socket): Promise<void> => {
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  }

  it('closes a connection whose TLS handshake never ends', async () => {
    await listen({ proofMs: 1000 })
    const silentOne = await open()
    const halfHello = await open()
    halfHello.write(Buffer.from('16030100c8010000c40303', 'hex'))
    const trickle = setInterval(() => halfHello.write(Buffer.alloc(1)), 20)
    await Promise.all([silentOne, halfHello].map(closed))
    clearInterval(trickle)
    expect(await ask(controllerDir, node.address)).toBe('loop.csi.local')
  })

  it.each([
    ['makes no call', () => controllerDir],
    ['may make none', () => node.directory],
  ])('closes a connection that has a certificate and %s', async (_name, directory) => {
    await listen({ proofMs: 1000 })
    using certificates = await Certificates.open(directory(), silent)
    const socket = connectTls({
      socket: await open(),
      ...certificates.identity,
      checkServerIdentity: () => undefined,
      ALPNProtocols: ['h2'],
    })
    socket.on('error', () => undefined).resume()
    await closed(socket)
    expect(await ask(controllerDir, node.address)).toBe('loop.csi.local')
  })

  it('closes the oldest of 1,000 idle connections, and answers the controller', async () => {
    await listen({ maxUnproven: 8 })
    const opened: Socket[] = []
    for (let number = 0; number < 1000; number++) opened.push(await open())
    expect(await ask(controllerDir, node.address)).toBe('loop.csi.local')
    await Promise.all(opened.slice(0, -8).map(closed))
  })

  it('keeps the connection of the controller beside other clients', async () => {
    await listen({ maxUnproven: 4, proofMs: 1000 })
    using client = await clientWith(controllerDir, node.address)
    await client.identity.getPluginInfo({})
    for (let number = 0; number < 50; number++) await open()
    // The server's timers were set before this one.
    await setTimeout(2000)
    expect(client.isConnected()).toBe(true)
    await client.identity.getPluginInfo({})
  })

  it('is closed by the end of the server, with what is connected', async () => {
    await listen({})
    const idle = await open()
    using client = await clientWith(controllerDir, node.address)
    await client.identity.getPluginInfo({})
    await node[Symbol.asyncDispose]()
    await closed(idle)
    await expect(client.identity.getPluginInfo({})).rejects.toMatchObject(turnedAway)
    await listen({})
  })
})

describe('the controller role', () => {
  it('knows when the certificate of a node expires', async () => {
    await using node = await TlsNode.start(await authority.issue(join(scratch.path, 'shown'), { days: 2 }))
    using certificates = await Certificates.open(controllerDir, silent)
    const seen: Validity[] = []
    using client = connectToNode(node.address, certificates.identity, (validity) => seen.push(validity))
    await client.identity.getPluginInfo({})
    expect(seen).toMatchObject([{ subject: 'CN=csi-driver-loop-node' }])
    expect(Number(seen[0]?.notAfter)).toBeGreaterThan(Date.now())
  })

  it.each([
    ['of another authority', () => stranger.issue(join(scratch.path, 'strange-node'))],
    ['with another name', () => authority.issue(join(scratch.path, 'misnamed'), { name: controllerName })],
    ['that has expired', () => authority.issue(join(scratch.path, 'expired-node'), { expired: true })],
  ])('does not trust a node with a certificate %s', async (_, issue) => {
    const directory = await issue()
    await setTimeout(1100)
    await using node = await TlsNode.start(directory)
    await expect(ask(controllerDir, node.address)).rejects.toMatchObject(turnedAway)
  })
})

describe('a directory of certificates', () => {
  it('must be complete', async () => {
    const directory = await authority.issue(join(scratch.path, 'half'))
    await unlink(join(directory, 'tls.key'))
    await expect(Certificates.open(directory, silent)).rejects.toThrow(/half\/tls\.key/)
  })

  it('must match', async () => {
    const directory = await authority.issue(join(scratch.path, 'mixed'))
    await copyFile(join(controllerDir, 'tls.key'), join(directory, 'tls.key'))
    await expect(Certificates.open(directory, silent)).rejects.toThrow(/mixed: .* do not match/)
  })

  it.each([
    ['ca.crt', /ca\.crt holds no certificate/],
    ['tls.crt', /do not match/],
  ])(
    'must have a certificate in %s: OpenSSL takes an empty list for one that trusts no one',
    async (file, message) => {
      const directory = await authority.issue(join(scratch.path, `empty-${file}`))
      await writeFile(join(directory, file), '')
      await expect(Certificates.open(directory, silent)).rejects.toThrow(message)
    },
  )

  it('trusts the CAs of trust.crt besides those of ca.crt', async () => {
    await using node = await TlsNode.start(await stranger.issue(join(scratch.path, 'other-ca')))
    await Authority.trust(node.directory, stranger, authority)
    const directory = await authority.issue(join(scratch.path, 'trusting'), { name: controllerName })
    await expect(ask(directory, node.address)).rejects.toMatchObject(turnedAway)
    await copyFile(join(node.directory, 'ca.crt'), join(directory, 'trust.crt'))
    await eventually('the node trusts it, too', async () => {
      expect(await ask(directory, node.address)).toBe('loop.csi.local')
    })
  })

  it('knows when its certificate expires, and the CA that has signed it, whatever other CAs are trusted', async () => {
    const short = await Authority.make(join(scratch.path, 'short'), 3)
    const long = await Authority.make(join(scratch.path, 'long'), 300)
    const directory = await short.issue(join(scratch.path, 'two'), { days: 2, trusting: [long, short] })
    using certificates = await Certificates.open(directory, silent)
    const days = ({ notAfter, notBefore }: Validity) => (+notAfter - +notBefore) / (24 * 3_600_000)
    expect(days(certificates.validities['tls.crt'])).toBe(2)
    expect(days(certificates.validities['ca.crt'])).toBe(3)
    await Authority.trust(directory, long)
    using other = await Certificates.open(directory, silent)
    expect(days(other.validities['ca.crt'])).toBe(300)
  })

  it('is read again when it changes', async () => {
    const directory = await authority.issue(join(scratch.path, 'changing'))
    using certificates = await Certificates.open(directory, silent, POLL_MS)
    const changed = new Promise((resolve) => {
      certificates.onChange(resolve)
    })
    const before = certificates.identity
    await authority.issue(directory)
    expect(await changed).toBe(certificates.identity)
    expect(certificates.identity.cert).not.toEqual(before.cert)
  })
})
