import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { Scratch } from '../scratch.ts'
import { troubled, type Behaviour } from './cluster/behaviour.ts'
import { SimulatedCluster } from './cluster/simulated-cluster.ts'
import { calls } from './router/calls.ts'
import { measureCalls } from './router/measure.ts'
import { subjectOf } from './router/subject.ts'
import { callBesideTroubles } from './router/troubled.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const shape = { nodes: 5, volumes: 20, persistentVolumes: 50 }
const noSignal = new AbortController().signal
const noProgress = (): void => undefined

async function start(behaviours: readonly Behaviour[], resources: AsyncDisposableStack) {
  const directory = resources.use(await Scratch.make()).path
  return resources.use(await SimulatedCluster.start({ shape, behaviours, directory, main }))
}

describe('a router before simulated nodes', () => {
  it('compares, and answers all calls', async () => {
    await using resources = new AsyncDisposableStack()
    const cluster = await start(Array<Behaviour>(shape.nodes).fill('well'), resources)
    const router = resources.use(await cluster.startRouter('1s'))
    await cluster.compared(2, noSignal)
    const contender = { name: 'small', router, subject: subjectOf(router.client, shape, 'a') }
    const found = await measureCalls([contender], 1, noProgress, noSignal)
    expect(found.map(({ call }) => call.name)).toEqual(calls.map(({ name }) => name))
    const { entries } = await router.client.controller.listVolumes({})
    // The volumes without a chosen node stay: one in each round, three of them to warm up.
    expect(entries).toHaveLength(shape.volumes + 4)
    expect((await router.client.controller.listSnapshots({})).entries).toHaveLength(shape.volumes / 10)
  })

  it('answers calls for nodes that are well while others are not', async () => {
    await using resources = new AsyncDisposableStack()
    const cluster = await start(troubled(shape.nodes), resources)
    const found = await callBesideTroubles(cluster, 1, noProgress, noSignal)
    for (const { call, answered } of found) if (!call.needsAllNodes) expect(answered).toBe(1)
    const lists = found.filter(({ call }) => call.name.endsWith(', all'))
    expect(lists.map(({ unavailable }) => unavailable)).toEqual([1, 1, 1])
  })
})
