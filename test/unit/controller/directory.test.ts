import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { NodeDirectory } from '../../../src/controller/directory.ts'
import { callNodeOf } from '../../../src/controller/forward.ts'
import type { CsiClient } from '../../../src/csi/client.ts'
import { nodeHash, volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { at } from '../../support/at.ts'
import { never, silent } from '../volumes/world.ts'
import { answer, clusterOf, driverName } from './fake-cluster.ts'

const caller = { signal: never, deadline: undefined }

/** A directory whose connections only say that they were closed. */
function observed() {
  const open: string[] = []
  const connect = (address: string): CsiClient => {
    open.push(address)
    return { close: () => open.splice(open.indexOf(address), 1) } as unknown as CsiClient
  }
  return { open, nodes: new NodeDirectory({ driverName, connect, log: silent }) }
}

/** A directory whose connections are numbered. */
function counted() {
  const connections: { isOpen: boolean }[] = []
  const connect = (): CsiClient => {
    const connection = { isOpen: true }
    const index = connections.push(connection) - 1
    return {
      index,
      isConnected: () => true,
      close: () => (connection.isOpen = false),
    } as unknown as CsiClient
  }
  return { connections, nodes: new NodeDirectory({ driverName, connect, log: silent }) }
}

describe('the directory of nodes', () => {
  afterEach(() => {
    jest.useRealTimers()
  })

  it('knows nothing before the first update', () => {
    const { nodes } = observed()
    expect(nodes.isKnown).toBe(false)
    expect(() => nodes.all()).toThrow(expect.objectContaining({ kind: 'unavailable' }))
    nodes.update([])
    expect(nodes.isKnown).toBe(true)
    expect(nodes.all()).toEqual([])
  })

  it('finds a node by any of its ids', () => {
    const { nodes } = clusterOf('w1', 'w2')
    expect(nodes.of(volumeIdFor('w2', 'x'))?.name).toBe('w2')
    expect(nodes.of('fake-vol-id')).toBeUndefined()
    expect(() => nodes.of(volumeIdFor('w3', 'x'))).toThrow(expect.objectContaining({ kind: 'unavailable' }))
  })

  it('orders nodes by their ids', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const hashes = clusterOf(...names)
      .nodes.all()
      .map(({ hash }) => hash)
    expect(hashes).toEqual(names.map(nodeHash).sort())
  })

  it('keeps the connections to addresses that stay', () => {
    const { open, nodes } = observed()
    nodes.update([
      { name: 'w1', address: 'one' },
      { name: 'w2', address: 'two' },
    ])
    const [before] = nodes.all()
    nodes.update([
      { name: 'w1', address: 'one' },
      { name: 'w2', address: 'three' },
    ])
    expect(open).toEqual(['one', 'three'])
    expect(nodes.all()[0]).toBe(before)
    nodes[Symbol.dispose]()
    expect(open).toEqual([])
  })

  it('reconnects on request, and earlier and later calls are answered', async () => {
    const { connections, nodes } = counted()
    nodes.reconnect()
    nodes.update([{ name: 'w1', address: 'one' }])
    const node = at(nodes.all(), 0)
    const running = Promise.withResolvers<string>()
    const call = node.call(caller, () => running.promise)
    nodes.reconnect()
    expect(connections).toEqual([{ isOpen: true }, { isOpen: true }])
    // Who has looked the node up before calls it now.
    await expect(node.call(caller, (client) => Promise.resolve(client))).resolves.toMatchObject({ index: 1 })
    running.resolve('done')
    await expect(call).resolves.toBe('done')
    expect(connections).toEqual([{ isOpen: false }, { isOpen: true }])
  })

  it('keeps a node that has disappeared for as long as a restart may take', async () => {
    jest.useFakeTimers()
    const { nodes } = clusterOf('w1', 'w2')
    const id = volumeIdFor('w2', 'x')
    nodes.update([{ name: 'w1', address: 'w1' }])
    const call = callNodeOf(nodes, id, caller, () => Promise.resolve())
    await expect(call).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('"w2" is unreachable'),
    })
    jest.advanceTimersByTime(599_000)
    expect(nodes.all()).toHaveLength(2)
    jest.advanceTimersByTime(2000)
    expect(nodes.all().map(({ name }) => name)).toEqual(['w1'])
    nodes.update([
      { name: 'w1', address: 'w1' },
      { name: 'w2', address: 'w2' },
    ])
    expect(nodes.of(id)?.name).toBe('w2')
  })
})

describe('a call for an id', () => {
  it('that no node can have given out is for the first reachable node', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2')
    const [first] = nodes.all()
    const away = fakes.find(({ name }) => name === first?.name)
    if (away) away.isAway = true
    await callNodeOf(nodes, 'fake', caller, (client, options) =>
      client.controller.deleteVolume({ volumeId: 'fake' }, options),
    )
    expect(fakes.map(({ calls }) => calls.length).sort()).toEqual([0, 1])
  })

  it('fails with the error of its node', async () => {
    const { nodes } = clusterOf('w1')
    const refused = callNodeOf(nodes, volumeIdFor('w1', 'x'), caller, () =>
      Promise.reject(answer('OUT_OF_RANGE', 'no')),
    )
    await expect(refused).rejects.toMatchObject({ code: status.OUT_OF_RANGE, details: 'no' })
  })
})
