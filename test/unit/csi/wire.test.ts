import { describe, expect, it } from '@jest/globals'
import { csi } from '../../../src/csi/protocol.ts'
import { describeSchema, wireFacts } from './wire.ts'

describe('proto/csi.proto', () => {
  const ours = describeSchema(csi().schema)
  const specified = wireFacts()

  it.each(['service', 'rpc', 'message', 'field', 'reserved', 'enum', 'value', 'extension'])(
    'has every %s of CSI 1.13 and no other',
    (kind) => {
      expect(ofKind(kind, ours)).toEqual(ofKind(kind, specified))
    },
  )

  it('contains nothing but the facts', () => {
    expect(ours.toSorted()).toEqual(specified.toSorted())
  })
})

function ofKind(kind: string, lines: string[]): string[] {
  return lines.filter((line) => line.startsWith(`${kind} `)).sort()
}
