import { expect } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Namespace } from './namespace.ts'
import type { KubeObject } from './kubectl.ts'
import { ofClaim, pod, type PodWishes } from './objects.ts'

/**
 * A pod that appends numbers to a file, each flushed before it is told. A pod that is started again goes on
 * with the number after the last; one that finds no file starts with 1.
 */
export function writerPod(name: string, wishes: PodWishes = {}): KubeObject {
  const command = `
    n=$(tail -n 1 /data/numbers 2>/dev/null || echo 0)
    while :; do
      n=$((n + 1)); echo $n >>/data/numbers && sync /data/numbers && echo $n; sleep 0.05
    done`
  return pod(name, { volumes: { data: ofClaim(name) }, command, ...wishes })
}

/** The last number that the file has. @throws when a number before it is missing, or a line is broken */
export async function checkNumbers(on: Namespace, name: string): Promise<number> {
  // The last line may be on its way.
  const lines = (await on.shell(name, "sed '$d' /data/numbers")).split('\n')
  expect(lines).toEqual(lines.map((_, index) => String(index + 1)))
  return lines.length
}

/** The last number that the pod has told, which it must never lose. */
export async function lastTold(on: Namespace, name: string): Promise<number> {
  return Number((await on.kubectl('logs', name, '--tail=1')).trim())
}

/** Waits until the pod has written more. @returns how much there is then */
export async function writesOn(on: Namespace, name: string, after: number): Promise<number> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const now = await checkNumbers(on, name)
    if (now > after) return now
    await sleep(500)
  }
  throw new Error(`${name} does not write: still ${after}`)
}
