import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { connect } from '../../../src/csi/client.ts'
import { csi } from '../../../src/csi/protocol.ts'
import { CsiServer } from '../../../src/csi/server.ts'
import { Scratch } from '../../scratch.ts'
import { silent } from '../volumes/world.ts'

describe('the socket of a server', () => {
  let scratch: Scratch
  let socket: string

  beforeEach(async () => {
    scratch = await Scratch.make()
    socket = join(scratch.path, 'csi.sock')
  })

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]()
  })

  async function serve(probed: () => Promise<unknown> = () => Promise.resolve()): Promise<CsiServer> {
    const server = new CsiServer(silent)
    const handlers = {
      getPluginInfo: () => ({}),
      getPluginCapabilities: () => ({}),
      probe: async () => {
        await probed()
        return {}
      },
    }
    server.add(csi().Identity, handlers)
    await server.listen(`unix://${socket}`)
    return server
  }

  async function probe(): Promise<void> {
    const client = connect(`unix://${socket}`)
    try {
      await client.identity.probe({})
    } finally {
      client.close()
    }
  }

  it('is deleted with it', async () => {
    const server = await serve()
    await server.stop()
    await expect(access(socket)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is not released when another replica holds it meanwhile', async () => {
    const call = Promise.withResolvers<undefined>()
    const answer = Promise.withResolvers<undefined>()
    const old = await serve(() => {
      call.resolve(undefined)
      return answer.promise
    })
    const asked = probe()
    await call.promise
    const stopped = old.stop()
    await using _next = await serve()
    answer.resolve(undefined)
    await asked
    await stopped
    await probe()
  })

  it('gives up calls that do not end', async () => {
    const call = Promise.withResolvers<undefined>()
    const server = await serve(() => {
      call.resolve(undefined)
      return new Promise(() => undefined)
    })
    const asked = probe()
    const refused = expect(asked).rejects.toMatchObject({ code: status.CANCELLED })
    await call.promise
    await server.stop({ graceMs: 10, cancelMs: 10 })
    await refused
  })
})
