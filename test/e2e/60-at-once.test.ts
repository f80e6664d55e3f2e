import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { alignCells, formatDuration } from '../../src/cli/terminal/text.ts'
import { eventually } from '../support/eventually.ts'
import { percentile } from '../harness/statistics.ts'
import { startAtOnce } from './support/at-once.ts'
import { nodeNames, onNode } from './support/cluster.ts'
import { driverPods } from './support/driver.ts'
import type { KubeObject } from './support/kubectl.ts'
import { volumeDevices } from './support/machine.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim } from './support/objects.ts'

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

/** Starts them, and deletes the pods. @returns milliseconds from the request until each was ready */
async function start(
  prefix: string,
  volume: (pod: string) => object,
  claimOf?: (pod: string) => KubeObject,
): Promise<readonly number[]> {
  const names = Array.from({ length: PODS }, (_, index) => `${prefix}-${index}`)
  const claims = claimOf ? names.map(claimOf) : []
  const { running } = await startAtOnce(on, { names, volume, claims })
  await on.delete('pod', ...names)
  return running
}

it(`runs ${PODS} claims and pods at once, and prints their times beside those of emptyDir`, async () => {
  const empty = await start('empty', () => ({ emptyDir: {} }))
  const loop = await start('loop', ofClaim, (name) => claim(name))
  const row = (name: string, durations: readonly number[]) => [
    name,
    ...[50, 99, 100].map((percent) => formatDuration(percentile(durations, percent))),
  ]
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
  await on.kubectl('delete', 'pvc', '--all', '--timeout=180s')
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
