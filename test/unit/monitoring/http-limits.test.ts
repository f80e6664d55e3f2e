import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { HttpServer, text, type HttpLimits, type Page } from '../../../src/monitoring/http-server.ts'

const LARGE_BYTES = 32 << 20

describe('the limits of the HTTP server', () => {
  let server: HttpServer
  let sockets: Socket[]
  let made: number
  let atOnce: number
  let most: number
  let finish: PromiseWithResolvers<undefined>

  beforeEach(() => {
    sockets = []
    made = atOnce = most = 0
    finish = Promise.withResolvers()
  })

  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await server[Symbol.asyncDispose]()
  })

  async function listen(limits: Partial<HttpLimits> = {}): Promise<void> {
    const large = [Buffer.alloc(LARGE_BYTES / 2, 'a'), Buffer.alloc(LARGE_BYTES / 2, 'b')]
    const slow = async (): Promise<Page> => {
      made++
      most = Math.max(most, ++atOnce)
      await finish.promise
      atOnce--
      return text(200, 'made')
    }
    const pages = {
      '/healthz': () => Promise.resolve(text(200, 'ok')),
      '/slow': slow,
      '/large': () => Promise.resolve({ status: 200, type: 'text/plain', body: [...large] }),
    }
    server = await HttpServer.listen({ host: '127.0.0.1', port: 0 }, pages, limits)
  }

  /** A connection that is not read until its data has a listener. */
  async function open(): Promise<Socket> {
    const socket = connect(server.port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }

  async function all(socket: Socket): Promise<string> {
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    // A reset connection is closed like any other.
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
    return received
  }

  const get = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`)
    return [response.status, await response.text()]
  }
  const lineOf = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

  it('make a page once for concurrent requests, and again for the next', async () => {
    await listen()
    const asking = Array.from({ length: 20 }, () => get('/slow'))
    while (made === 0) await get('/healthz')
    finish.resolve(undefined)
    expect(await Promise.all(asking)).toEqual(asking.map(() => [200, 'made\n']))
    expect(most).toBe(1)
    const before = made
    expect(await get('/slow')).toEqual([200, 'made\n'])
    expect(made).toBe(before + 1)
  })

  it('answer one of many pipelined requests, and close the connection', async () => {
    await listen()
    const pair = [await open(), await open()]
    const answers = pair.map((socket) => {
      socket.write(lineOf('/slow').repeat(500))
      return all(socket)
    })
    while (made === 0) await get('/healthz')
    finish.resolve(undefined)
    for (const answer of await Promise.all(answers)) expect(answer.split('200 OK')).toHaveLength(2)
    expect(most).toBe(1)
    expect(made).toBeLessThanOrEqual(2)
  })

  it.each([
    ['says nothing', ''],
    ['never ends its headers', 'GET /healthz HTTP/1.1\r\nHost: a\r\nX: '],
    ['never ends its body', 'POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx'],
  ])('close a connection that %s', async (_name, beginning) => {
    await listen({ requestMs: 1000, connectionMs: 5000 })
    const socket = await open()
    socket.write(beginning)
    await all(socket)
    expect(await get('/healthz')).toEqual([200, 'ok\n'])
  })

  it('close a connection that sends a byte from time to time', async () => {
    await listen({ requestMs: 1000, connectionMs: 5000 })
    const socket = await open()
    socket.write('GET /healthz HTTP/1.1\r\n')
    const trickle = setInterval(() => socket.write('X'), 10)
    await all(socket)
    clearInterval(trickle)
    expect(await get('/healthz')).toEqual([200, 'ok\n'])
  })

  it('refuse large headers', async () => {
    await listen()
    const socket = await open()
    const answer = all(socket)
    socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(64 << 10)}\r\n\r\n`)
    expect(await answer).not.toContain('200 OK')
    expect(await get('/healthz')).toEqual([200, 'ok\n'])
  })

  it('close the oldest of 1,000 idle connections, and answer new requests', async () => {
    await listen({ connections: 8 })
    const idle: Socket[] = []
    for (let number = 0; number < 1000; number++) idle.push(await open())
    expect(await get('/healthz')).toEqual([200, 'ok\n'])
    await Promise.all(idle.slice(0, -8).map(all))
  })

  it('disconnect a reader who is too slow', async () => {
    await listen({ connectionMs: 1000 })
    const socket = await open()
    socket.write(lineOf('/large'))
    // The server's timer was set before this one.
    await setTimeout(2000)
    expect((await all(socket)).length).toBeLessThan(LARGE_BYTES)
    expect(await get('/healthz')).toEqual([200, 'ok\n'])
  })

  it('keep the newest large bodies only', async () => {
    await listen({ bodies: 2 })
    const slow: Socket[] = []
    for (let number = 0; number < 4; number++) {
      const socket = await open()
      socket.write(lineOf('/large'))
      await once(socket, 'readable')
      slow.push(socket)
    }
    const received = await Promise.all(slow.map(async (socket) => (await all(socket)).length))
    expect(received.map((length) => length > LARGE_BYTES)).toEqual([false, false, true, true])
  })
})
