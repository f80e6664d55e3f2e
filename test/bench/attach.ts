import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from '../harness/progress.ts'
import { timed } from '../harness/statistics.ts'
import type { Attacher } from './attachers.ts'
import { rotated } from './life-cycle.ts'
import { Samples, type Table } from './samples.ts'

const IMAGE_BYTES = 1 << 20
const WARM_UP_ROUNDS = 10

export interface AttachTest {
  readonly attachers: readonly Attacher[]
  /** Attaches the devices that are only there; it must detach them also when this process is killed. */
  readonly filler: Attacher
  readonly directory: string
  /** How many other devices are bound meanwhile, ascending. */
  readonly counts: readonly number[]
  readonly rounds: number
}

/** Attach alone, while more and more other devices are bound. */
export async function attachAmong(test: AttachTest, progress: Progress, signal: AbortSignal): Promise<Table> {
  const { attachers, filler, directory, counts, rounds } = test
  const samples = new Samples()
  await using others = new AsyncDisposableStack()
  const images = await Promise.all(attachers.map(({ name }) => makeImage(directory, `attach-${name}`)))
  const contestants = attachers.map((attacher, index) => ({ attacher, image: images[index] ?? '' }))
  let bound = 0
  for (const count of counts) {
    for (; bound < count; bound++) {
      signal.throwIfAborted()
      others.use(await filler.attach(await makeImage(directory, `other-${bound}`)))
      progress('devices bound', bound + 1, count)
    }
    for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
      for (const { attacher, image } of rotated(contestants, round)) {
        signal.throwIfAborted()
        const time = await timeAttach(attacher, image)
        if (round >= WARM_UP_ROUNDS) samples.add(attachLabel(count), attacher.name, time)
      }
      progress(`attaches among ${count} devices`, round + 1, WARM_UP_ROUNDS + rounds)
    }
  }
  return {
    title: 'Attach alone',
    unit: 'ms',
    columns: attachers.map(({ name }) => name),
    rows: samples.rows(),
  }
}

export function attachLabel(count: number): string {
  return `attach, ${count} others bound`
}

async function timeAttach(attacher: Attacher, image: string): Promise<number> {
  await using stack = new AsyncDisposableStack()
  return await timed(async () => stack.use(await attacher.attach(image)))
}

async function makeImage(directory: string, name: string): Promise<string> {
  const path = join(directory, `${name}.img`)
  await using file = await open(path, 'wx')
  await file.truncate(IMAGE_BYTES)
  return path
}
