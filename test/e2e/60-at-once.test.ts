import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { alignCells, formatDuration } from '../../src/cli/terminal/text.ts'
import { eventually } from '../support/eventually.ts'
import { nodeNames, onNode } from './support/cluster.ts'
import { driverPods } from './support/driver.ts'
import type { KubeObject } from './support/kubectl.ts'
import { volumeDevices } from './support/machine.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod } from './support/objects.ts'

const PODS = 100

let on: Namespace
let nodes: string[] = []

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
  nodes = await nodeNames()
})

afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

interface Times extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly creationTimestamp: string }
  readonly status: {
    readonly conditions?: readonly { type: string; status: string; lastTransitionTime: string }[]
  }
}

interface Seconds {
  readonly p50: number
  readonly p99: number
  readonly all: number
}

/**
 * Makes them at once.
 * @returns how long they took from being asked for until they were ready, in milliseconds
 */
async function start(
  name: string,
  volume: (pod: string) => object,
  claims: readonly KubeObject[],
): Promise<Seconds> {
  const names = Array.from({ length: PODS }, (_, index) => `${name}-${index}`)
  const began = Date.now()
  await on.apply(...claims, ...names.map((each) => pod(each, { volumes: { data: volume(each) } })))
  const ready = new Map<string, number>()
  await eventually(
    `${PODS} pods run`,
    async () => {
      for (const { metadata, status } of await on.getAll<Times>('pod')) {
        const isReady = status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
        if (metadata.name.startsWith(`${name}-`) && isReady && !ready.has(metadata.name))
          ready.set(metadata.name, Date.now() - began)
      }
      expect(ready.size).toBe(PODS)
    },
    { timeoutMs: 400_000, intervalMs: 200 },
  )
  await on.delete('pod', ...names)
  const sorted = [...ready.values()].sort((a, b) => a - b)
  return { p50: sorted[PODS * 0.5] ?? NaN, p99: sorted[PODS * 0.99 - 1] ?? NaN, all: sorted.at(-1) ?? NaN }
}

it(`runs ${PODS} claims and pods at once, and prints their times beside those of emptyDir`, async () => {
  const empty = await start('empty', () => ({ emptyDir: {} }), [])
  const names = Array.from({ length: PODS }, (_, index) => `loop-${index}`)
  const loop = await start(
    'loop',
    ofClaim,
    names.map((name) => claim(name)),
  )
  const row = (name: string, { p50, p99, all }: Seconds) => [name, ...[p50, p99, all].map(formatDuration)]
  console.log(
    alignCells(
      [
        ['from claim to running', 'p50', 'p99', 'all'],
        row('emptyDir', empty),
        row('claim of a loop volume', loop),
      ],
      [1, 2, 3],
    ).join('\n'),
  )
  await on.delete('pvc', ...names)
  await eventually('no device is left', async () => {
    expect([...(await volumeDevices(nodes))]).toEqual([])
  })
}, 900_000)

interface Process {
  readonly command: string
  readonly mebibytes: number
}

/** Resident memory of the driver's and the sidecars' processes on a node. */
async function processes(node: string): Promise<Process[]> {
  const lines = (await onNode(node, 'ps', '-eo', 'rss=,args=')).trim().split('\n')
  return lines.flatMap((line) => {
    const [, kibibytes, args = ''] = /^\s*(\d+) (.+)$/.exec(line) ?? []
    const command = /csi-driver-loop (node|controller)\b|^\/?(csi-\w+)/.exec(args)
    return command ? [{ command: command[1] ?? command[2] ?? '', mebibytes: Number(kibibytes) / 1024 }] : []
  })
}

/** What the chart asks for, in MiB. */
async function requestedMebibytes(role: 'node' | 'controller'): Promise<number> {
  const [pod] = await driverPods(role)
  const memory = pod?.spec.containers[0]?.resources.requests?.memory ?? ''
  return Number(/^(\d+)Mi$/.exec(memory)?.[1])
}

it('prints its memory, which is about what the chart asks for', async () => {
  const requested = {
    node: await requestedMebibytes('node'),
    controller: await requestedMebibytes('controller'),
  }
  const rows: string[][] = []
  for (const node of nodes)
    for (const { command, mebibytes } of await processes(node)) {
      rows.push([node, command, `${mebibytes.toFixed(0)} MiB`])
      if (command === 'node' || command === 'controller')
        expect(mebibytes).toBeLessThan(1.25 * requested[command])
    }
  console.log(alignCells([['node', 'process', 'resident'], ...rows], [2]).join('\n'))
})

it('never loads the Kubernetes client on a node', async () => {
  for (const { spec } of await driverPods('node')) {
    const maps = await onNode(
      spec.nodeName,
      'sh',
      '-c',
      'cat /proc/$(pgrep -f "csi-driver-loop node" | head -1)/maps',
    )
    expect(maps).not.toContain('client-node')
  }
})
