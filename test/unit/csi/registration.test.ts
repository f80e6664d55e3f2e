import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { registrationProtocol } from '../../../src/csi/protocol.ts'
import { KubeletRegistration } from '../../../src/csi/registration.ts'
import { Scratch } from '../../scratch.ts'
import { silent } from '../volumes/world.ts'

describe('the registration with the kubelet', () => {
  let scratch: Scratch
  let socket: string
  let registration: KubeletRegistration

  beforeEach(async () => {
    scratch = await Scratch.make()
    socket = join(scratch.path, 'loop.example.org-reg.sock')
    const endpoint = 'unix:///var/lib/kubelet/plugins/loop.example.org/csi.sock'
    registration = new KubeletRegistration(
      { directory: scratch.path, driverName: 'loop.example.org', endpoint },
      silent,
    )
    await registration.start()
  })

  afterEach(async () => {
    await registration[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  /** As the kubelet calls it: one connection for each call. */
  function call(name: 'GetInfo' | 'NotifyRegistrationStatus', request: object): Promise<unknown> {
    const client = new Client(`unix:${socket}`, credentials.createInsecure())
    const method = registrationProtocol()[name] as MethodDefinition<object, object>
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        (error, response) => {
          client.close()
          if (error) reject(error)
          else resolve(response)
        },
      )
    })
  }

  it("reports the driver's name and its node", async () => {
    expect(registrationProtocol().GetInfo.path).toBe('/pluginregistration.Registration/GetInfo')
    expect(await call('GetInfo', {})).toEqual({
      type: 'CSIPlugin',
      name: 'loop.example.org',
      endpoint: '/var/lib/kubelet/plugins/loop.example.org/csi.sock',
      supportedVersions: ['1.0.0'],
    })
  })

  it('is waited for', () => {
    expect(registration.problem).toMatch(/has not registered/)
  })

  it('is complete when the kubelet confirms it', async () => {
    await call('NotifyRegistrationStatus', { pluginRegistered: true })
    expect(registration.problem).toBeUndefined()
  })

  it('keeps the reason why the kubelet refuses', async () => {
    await call('NotifyRegistrationStatus', { pluginRegistered: false, error: 'no CSINode' })
    expect(registration.problem).toBe('the kubelet refused this driver: no CSINode')
  })

  it('removes its socket', async () => {
    await registration[Symbol.asyncDispose]()
    await expect(access(socket)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
