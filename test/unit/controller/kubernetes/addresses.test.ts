import { describe, expect, it } from '@jest/globals'
import { addressesIn, type Slice } from '../../../../src/controller/kubernetes/endpoint-slices.ts'

const ports = [
  { name: 'http', port: 9808 },
  { name: 'grpc', port: 9809 },
]

const endpoint = (nodeName: string, address: string, conditions = {}) => ({
  nodeName,
  addresses: [address],
  conditions,
})

describe('the addresses of nodes', () => {
  it.each<[string, Slice[], string[]]>([
    [
      'are in all slices',
      [
        { ports, endpoints: [endpoint('w2', '10.0.0.2')] },
        { ports, endpoints: [endpoint('w1', '10.0.0.1')] },
      ],
      ['w1 10.0.0.1:9809', 'w2 10.0.0.2:9809'],
    ],
    ['may be of IPv6', [{ ports, endpoints: [endpoint('w1', 'fd00::1')] }], ['w1 [fd00::1]:9809']],
    [
      'are there before a pod is ready',
      [{ ports, endpoints: [endpoint('w1', '10.0.0.1', { ready: false })] }],
      ['w1 10.0.0.1:9809'],
    ],
    [
      'are those of the new pod while the old one goes',
      [
        {
          ports,
          endpoints: [
            endpoint('w1', '10.0.0.1', { ready: false, terminating: true }),
            endpoint('w1', '10.0.0.9', { ready: false }),
            endpoint('w1', '10.0.0.8', { ready: true, terminating: true }),
          ],
        },
      ],
      ['w1 10.0.0.9:9809'],
    ],
    [
      'are one for each node, of two families too',
      [
        { ports, endpoints: [endpoint('w1', '10.0.0.1')] },
        { ports, endpoints: [endpoint('w1', 'fd00::1')] },
      ],
      ['w1 10.0.0.1:9809'],
    ],
    ['need the port', [{ ports: [{ name: 'http', port: 1 }], endpoints: [endpoint('w1', '10.0.0.1')] }], []],
    ['need a node', [{ ports, endpoints: [{ addresses: ['10.0.0.1'] }] }], []],
    ['may be none', [{}], []],
    ['may be none, as the API server says it', [{ ports: null, endpoints: null }], []],
    ['may be none where there is a port', [{ ports, endpoints: null }], []],
  ])('%s', (_, slices, expected) => {
    expect(addressesIn(slices).map(({ name, address }) => `${name} ${address}`)).toEqual(expected)
  })
})
