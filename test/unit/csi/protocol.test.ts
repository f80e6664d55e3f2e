import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { csi, loaderOptions } from '../../../src/csi/protocol.ts'
import type {
  CreateVolumeRequest,
  CreateVolumeRequestInit,
} from '../../../src/csi/generated/csi/v1/CreateVolumeRequest.ts'
import { wireFacts } from './wire.ts'

describe('the loader options', () => {
  it('equal the flags that the types are generated with', () => {
    const asFlags = Object.entries(loaderOptions).map(([name, value]) =>
      value === true ? `--${name}` : `--${name}=${value.name}`,
    )
    expect(generateFlags().filter((flag) => shapesMessages(flag))).toEqual(asFlags)
  })
})

describe('the service definitions', () => {
  it.each(['Identity', 'Controller', 'GroupController', 'SnapshotMetadata', 'Node'] as const)(
    'have every method of %s under its path',
    (service) => {
      const paths = Object.values(csi()[service]).map((method) => method.path)
      const specified = wireFacts().flatMap(
        (fact) => new RegExp(`^rpc ${service}\\.(\\w+)`).exec(fact)?.[1] ?? [],
      )
      expect(paths).toEqual(specified.map((method) => `/csi.v1.${service}/${method}`))
    },
  )

  it('stream the answers of SnapshotMetadata only', () => {
    const { GetMetadataAllocated, GetMetadataDelta } = csi().SnapshotMetadata
    expect([GetMetadataAllocated, GetMetadataDelta]).toMatchObject([
      { responseStream: true },
      { responseStream: true },
    ])
    expect(Object.values(csi().Controller).some((method) => method.responseStream)).toBe(false)
  })
})

describe('a message', () => {
  function sent(request: CreateVolumeRequestInit): CreateVolumeRequest {
    const { requestSerialize, requestDeserialize } = csi().Controller.CreateVolume
    return requestDeserialize(requestSerialize(request))
  }

  it('arrives with every field, even omitted ones', () => {
    expect(sent({})).toEqual({
      name: '',
      capacityRange: null,
      volumeCapabilities: [],
      parameters: {},
      secrets: {},
      volumeContentSource: null,
      accessibilityRequirements: null,
      mutableParameters: {},
    })
  })

  it('keeps an int64 exact, as a decimal string', () => {
    const capacityRange = { requiredBytes: '9007199254740993', limitBytes: '0' }
    expect(sent({ capacityRange }).capacityRange).toEqual(capacityRange)
  })

  it('distinguishes an empty member of a oneof from none', () => {
    const [block, none] = sent({ volumeCapabilities: [{ block: {} }, {}] }).volumeCapabilities
    expect(block).toEqual({ accessMode: null, block: {}, accessType: 'block' })
    expect(none).toEqual({ accessMode: null })
  })

  it('has the names of enum values', () => {
    const accessMode = { mode: 'SINGLE_NODE_MULTI_WRITER' } as const
    expect(sent({ volumeCapabilities: [{ accessMode }] }).volumeCapabilities[0]?.accessMode).toEqual(
      accessMode,
    )
  })
})

function generateFlags(): string[] {
  const file = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { scripts } = JSON.parse(file) as { scripts: { generate: string } }
  return scripts.generate.split(' ').filter((word) => word.startsWith('--'))
}

/** The generator's flags for the loader, as its --help has them; the others are about files and names. */
function shapesMessages(flag: string): boolean {
  return /^--(keepCase|longs|enums|bytes|defaults|arrays|objects|oneofs|json)\b/.test(flag)
}
