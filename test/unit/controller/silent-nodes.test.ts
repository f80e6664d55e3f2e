import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { pino, type Logger } from 'pino'
import type { NodeDirectory } from '../../../src/controller/directory.ts'
import { askAll, callNodeOf } from '../../../src/controller/forward.ts'
import type { Caller, RemoteNode } from '../../../src/controller/remote-node.ts'
import type { CallOptions, CsiClient } from '../../../src/csi/client.ts'
import { at } from '../../support/at.ts'
import { never } from '../volumes/world.ts'
import { answer, clusterOf, clusterWith, type FakeNode } from './fake-cluster.ts'

const caller = { signal: never, deadline: undefined }

const capacity = ({ controller }: CsiClient, options: CallOptions) => controller.getCapacity({}, options)

describe('a node that has not answered', () => {
  let nodes: NodeDirectory
  let node: RemoteNode
  let fake: FakeNode

  beforeEach(() => {
    const cluster = clusterOf('w1')
    nodes = cluster.nodes
    node = at(nodes.all(), 0)
    fake = at(cluster.fakes, 0)
  })

  const ask = () => node.ask(caller, capacity)
  const unanswered = (seconds: number) => ({
    message: `node "w1" is unreachable: it is connected but does not answer within ${seconds} s`,
  })

  it('is waited for a tenth of the time, until it answers again', async () => {
    fake.isMute = true
    await expect(ask()).rejects.toMatchObject(unanswered(0.05))
    await expect(ask()).rejects.toMatchObject(unanswered(0.005))
    fake.isMute = false
    await ask()
    fake.isMute = true
    await expect(ask()).rejects.toMatchObject(unanswered(0.05))
  })

  it('has answered when it refuses', async () => {
    fake.isAway = true
    await expect(ask()).rejects.toThrow('"w1"')
    expect(node.isSilent).toBe(true)
    fake.isAway = false
    const refused = node.ask(caller, () => Promise.reject(answer('NOT_FOUND')))
    await expect(refused).rejects.toThrow('NOT_FOUND')
    expect(node.isSilent).toBe(false)
  })

  it.each(['CANCELLED', 'DEADLINE_EXCEEDED'] as const)('is as silent as before after %s', async (code) => {
    fake.isAway = true
    await expect(ask()).rejects.toThrow('"w1"')
    await expect(node.call(caller, () => Promise.reject(answer(code)))).rejects.toThrow(code)
    expect(node.isSilent).toBe(true)
  })

  it('is not silent at a new address', async () => {
    fake.isAway = true
    await expect(ask()).rejects.toThrow('"w1"')
    nodes.reconnect()
    expect(node.isSilent).toBe(false)
  })

  it('is logged once by those who ask all nodes', async () => {
    const levels: string[] = []
    const log = logOf(levels)
    fake.isMute = true
    await askAll([node], log, caller, capacity)
    await askAll([node], log, caller, capacity)
    expect(levels).toEqual(['warn', 'debug'])
  })
})

describe('a call that any node can answer', () => {
  const anHour = { connectMs: 3_600_000, answerMs: 3_600_000 }
  let cancel: AbortController
  let caller: Caller

  beforeEach(() => {
    cancel = new AbortController()
    caller = { signal: cancel.signal, deadline: undefined }
  })

  /** Ends the calls to nodes that do not answer. */
  afterEach(() => {
    cancel.abort()
  })

  it('does not wait for nodes that do not answer', async () => {
    const { nodes, fakes } = clusterWith(anHour, 'w1', 'w2', 'w3', 'w4')
    nodes
      .all()
      .slice(0, 3)
      .forEach(({ name }) => {
        for (const fake of fakes) fake.isMute ||= fake.name === name
      })
    await callNodeOf(nodes, 'foreign', caller, ({ controller }, options) =>
      controller.deleteVolume({ volumeId: 'foreign' }, options),
    )
  })

  it('asks those last that have not answered last', async () => {
    const { nodes, fakes } = clusterWith(anHour, ...Array.from({ length: 9 }, (_, index) => `w${index}`))
    const away = new Set(
      nodes
        .all()
        .slice(0, 4)
        .map(({ name }) => name),
    )
    for (const fake of fakes) fake.isAway = away.has(fake.name)
    await askAll(nodes.all(), logOf([]), caller, capacity)
    for (const fake of fakes) fake.calls.length = 0
    for (const fake of fakes) fake.isAway = false
    await callNodeOf(nodes, 'foreign', caller, capacity)
    const asked = fakes.filter(({ calls }) => calls.length > 0).map(({ name }) => name)
    expect(asked.filter((name) => away.has(name))).toEqual([])
  })

  it('is refused by the first that answers', async () => {
    const { nodes, fakes } = clusterWith(anHour, 'w1', 'w2')
    at(fakes, 0).isMute = true
    const call = callNodeOf(nodes, 'foreign', caller, ({ controller }, options) =>
      controller.controllerGetVolume({ volumeId: 'foreign' }, options),
    )
    await expect(call).rejects.toMatchObject({ details: 'no foreign' })
  })

  it('is unavailable when no node answers', async () => {
    const { nodes, fakes } = clusterOf('w1', 'w2', 'w3', 'w4', 'w5')
    for (const fake of fakes) fake.isAway = true
    await expect(callNodeOf(nodes, 'foreign', caller, capacity)).rejects.toMatchObject({
      kind: 'unavailable',
    })
  })
})

function logOf(levels: string[]): Logger {
  const write = (line: string): void => {
    levels.push((JSON.parse(line) as { level: string }).level)
  }
  return pino({ level: 'debug', formatters: { level: (level) => ({ level }) } }, { write })
}
