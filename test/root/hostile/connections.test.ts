import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { Certificates } from '../../../src/csi/certificates.ts'
import { connectToNode } from '../../../src/csi/tls.ts'
import { describeRoot } from '../../root.ts'
import { Authority, controllerName } from '../../support/certificates.ts'
import { freePort } from '../../support/cluster.ts'
import { TestNode } from '../../support/driver.ts'
import { eventually } from '../../support/eventually.ts'
import { silent } from '../../unit/volumes/world.ts'

const IDLE = 1000

describeRoot('a driver whose ports other clients connect to', () => {
  let node: TestNode
  let ports: { readonly http: number; readonly tls: number }
  let controllerDir: string
  let sockets: Socket[]

  beforeEach(async () => {
    sockets = []
    node = await TestNode.make()
    ports = { http: await freePort(), tls: await freePort() }
    const authority = await Authority.make(join(node.path, 'authority'))
    controllerDir = await authority.issue(join(node.path, 'controller'), { name: controllerName })
    const tlsDir = await authority.issue(join(node.path, 'node'))
    const listen = ['--listen', `127.0.0.1:${ports.tls}`, '--tls-dir', tlsDir]
    await node.start({ args: ['--http', `127.0.0.1:${ports.http}`, ...listen] })
  })

  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await node[Symbol.asyncDispose]()
  })

  async function open(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined).resume()
    await once(socket, 'connect')
    return socket
  }

  const openFiles = async (): Promise<number> => (await readdir(`/proc/${node.driver.pid}/fd`)).length

  async function expectService(): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${ports.http}/healthz`)
    expect([response.status, await response.text()]).toEqual([200, 'ok\n'])
    expect((await node.client.identity.probe({})).ready).toMatchObject({ value: true })
    using certificates = await Certificates.open(controllerDir, silent)
    using controller = connectToNode(`127.0.0.1:${ports.tls}`, certificates.identity)
    expect((await controller.controller.listVolumes({})).entries).toEqual([])
  }

  it.each(['http', 'tls'] as const)(`serves beside ${IDLE} idle connections to its %s port`, async (port) => {
    const before = await openFiles()
    for (let number = 0; number < IDLE; number++) await open(ports[port])
    await expectService()
    await eventually('the idle connections are closed', async () => {
      expect(await openFiles()).toBeLessThan(before + IDLE / 4)
    })
  })

  it('serves beside requests that are pipelined, huge, or never end', async () => {
    const [pipelined, huge, endless, hello] = await Promise.all([
      open(ports.http),
      open(ports.http),
      open(ports.http),
      open(ports.tls),
    ])
    pipelined.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500))
    huge.write(`GET /healthz HTTP/1.1\r\nX: ${'x'.repeat(1 << 20)}`)
    endless.write('GET /healthz HTTP/1.1\r\nX: ')
    // The beginning of a TLS record that promises more.
    hello.write(Buffer.from('16030100c8010000c40303', 'hex'))
    await expectService()
    await Promise.all(
      [pipelined, huge, endless, hello].map(async (socket) => {
        if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
      }),
    )
    await expectService()
  })
})
