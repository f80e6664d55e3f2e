import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import { connect, type CsiClient } from '../../../src/csi/client.ts'
import type { CreateVolumeRequest } from '../../../src/csi/generated/csi/v1/CreateVolumeRequest.ts'
import type { ControllerHandlers } from '../../../src/csi/generated/csi/v1/Controller.ts'
import type { IdentityHandlers } from '../../../src/csi/generated/csi/v1/Identity.ts'
import { csi } from '../../../src/csi/protocol.ts'

const identity: Pick<IdentityHandlers, 'GetPluginInfo'> = {
  GetPluginInfo: (_call, callback) => {
    callback(null, { name: 'loop.example.org' })
  },
}

/** The last request of CreateVolume, which answers with an error or, for the name `slow`, never. */
let received: CreateVolumeRequest | undefined
let cancelled: Promise<void>

const controller: Pick<ControllerHandlers, 'CreateVolume'> = {
  CreateVolume: (call, callback) => {
    received = call.request
    cancelled = new Promise((resolve) => call.once('cancelled', resolve))
    if (call.request.name !== 'slow') callback({ code: status.OUT_OF_RANGE, details: 'the pool is full' })
  },
}

describe('connect', () => {
  let directory: string
  let server: Server
  let client: CsiClient

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-client-'))
    const address = `unix://${join(directory, 'csi.sock')}`
    server = new Server()
    server.addService(csi().Identity, identity)
    server.addService(csi().Controller, controller)
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
    client = connect(address)
  })

  afterAll(async () => {
    client.close()
    server.forceShutdown()
    await rm(directory, { recursive: true })
  })

  it('answers with a complete response', async () => {
    const info = await client.identity.getPluginInfo({})
    expect(info).toEqual({ name: 'loop.example.org', vendorVersion: '', manifest: {} })
  })

  it('sends what it was given', async () => {
    await client.controller
      .createVolume({ name: 'a', capacityRange: { requiredBytes: '5' } })
      .catch(() => undefined)
    expect(received).toMatchObject({ name: 'a', capacityRange: { requiredBytes: '5', limitBytes: '0' } })
  })

  it('keeps code and details of an error', async () => {
    const call = client.controller.createVolume({ name: 'a' })
    await expect(call).rejects.toMatchObject({ code: status.OUT_OF_RANGE, details: 'the pool is full' })
  })

  it('names a method that a driver does not have', async () => {
    const call = client.node.nodeGetInfo({})
    await expect(call).rejects.toMatchObject({ code: status.UNIMPLEMENTED })
  })

  it('gives up at the deadline', async () => {
    const call = client.controller.createVolume({ name: 'slow' }, { deadline: Date.now() + 50 })
    await expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED })
  })

  it('cancels the call, on the server too, when the signal aborts', async () => {
    const call = client.controller.createVolume({ name: 'slow' }, { signal: AbortSignal.timeout(50) })
    await expect(call).rejects.toMatchObject({ code: status.CANCELLED })
    await cancelled
  })

  it('sends nothing when the signal has aborted before', async () => {
    received = undefined
    const call = client.controller.createVolume({ name: 'late' }, { signal: AbortSignal.abort() })
    await expect(call).rejects.toMatchObject({ code: status.CANCELLED })
    expect(received).toBeUndefined()
  })

  it('fails with UNAVAILABLE where no server listens', async () => {
    using nobody = connect(`unix://${join(directory, 'nobody.sock')}`)
    await expect(nobody.identity.probe({})).rejects.toMatchObject({ code: status.UNAVAILABLE })
  })
})
