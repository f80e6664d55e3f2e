import { describe, expect, it } from '@jest/globals'
import type protobuf from 'protobufjs'
import { csi } from '../../../src/csi/protocol.ts'
import { redact, STRIPPED } from '../../../src/csi/redact.ts'
import { wireFacts } from './wire.ts'

const TOKENS = 'csi.storage.k8s.io/serviceAccount.tokens'

const requests = wireFacts().flatMap((fact) => {
  const [, service, method, type] = /^rpc (\w+)\.(\w+) (\w+)/.exec(fact) ?? []
  return service && method && type ? [{ path: `/csi.v1.${service}/${method}`, type }] : []
})

describe('redact', () => {
  it.each(requests)('strips what CSI marks as secret from $type, and nothing else', ({ path, type }) => {
    const request = Object.fromEntries(fieldsOf(type).map(({ name }) => [name, { key: 'value' }]))
    const stripped = Object.entries(redact(path, request)).filter(([, value]) => value === STRIPPED)
    const secret = wireFacts().filter((fact) => fact.startsWith(`field ${type}.`) && fact.endsWith(' secret'))
    expect(stripped.map(([name]) => name)).toEqual(secret.map((fact) => fact.split(/[ .]/)[2]))
    expect(Object.keys(redact(path, request))).toEqual(Object.keys(request))
  })

  it('reaches every secret: CSI has none below the top level of a request', () => {
    const secrets = wireFacts().filter((fact) => fact.endsWith(' secret'))
    expect(secrets).toHaveLength(22)
    for (const fact of secrets) {
      expect(requests.map(({ type }) => `field ${type}.secrets`)).toContain(/^field [\w.]+/.exec(fact)?.[0])
    }
  })

  it('leaves the request as it is', () => {
    const request = { secrets: { password: 'x' }, volumeContext: { [TOKENS]: 'x' } }
    redact('/csi.v1.Node/NodePublishVolume', request)
    expect(request).toEqual({ secrets: { password: 'x' }, volumeContext: { [TOKENS]: 'x' } })
  })

  it('strips the service account tokens out of the volume context', () => {
    const volumeContext = { pool: 'default', [TOKENS]: '{"":{"token":"x"}}' }
    expect(redact('/csi.v1.Node/NodePublishVolume', { volumeContext })).toEqual({
      volumeContext: { pool: 'default', [TOKENS]: STRIPPED },
    })
  })

  it('reveals that there were no secrets', () => {
    expect(redact('/csi.v1.Controller/CreateVolume', { name: 'a', secrets: {} })).toEqual({
      name: 'a',
      secrets: {},
    })
  })

  it('copies requests of other protocols', () => {
    expect(redact('/pluginregistration.Registration/GetInfo', { a: 1 })).toEqual({ a: 1 })
  })
})

function fieldsOf(type: string): protobuf.Field[] {
  return csi().schema.lookupType(`csi.v1.${type}`).fieldsArray
}
