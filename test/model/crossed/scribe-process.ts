import { createInterface } from 'node:readline'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { prepare, writeRecord, type Target } from './records.ts'
import type { ScribeAnswer, ScribeRequest } from './scribe.ts'

/**
 * `node scribe-process.ts`: does what it reads, a line of JSON each, and says what is done. The other end of
 * scribe.ts.
 */
const FILL_BYTES = 1 << 20
const MAX_FILL_MIB = 24

createInterface(process.stdin).on('line', (line) => {
  void answer(JSON.parse(line) as ScribeRequest)
})

async function answer(request: ScribeRequest): Promise<void> {
  try {
    await perform(request)
    say({ id: request.id })
  } catch (error) {
    say({ id: request.id, error: String(error) })
  }
}

async function perform({ id, work, targets, first, count }: ScribeRequest): Promise<void> {
  if (work === 'prepare') for (const target of targets) await prepare(target)
  if (work === 'fill') for (const target of targets) await fill(target)
  if (work !== 'write') return
  for (let number = first; number < first + count; number++) {
    for (const target of targets) await writeRecord(target, number)
    say({ id, written: number })
  }
}

/** Until the file system is full, or enough is written. */
async function fill({ path, isBlock }: Target): Promise<void> {
  if (isBlock) return
  await using directory = await open(path, 'r')
  const root = `/proc/self/fd/${directory.fd}`
  // Nothing is made where no volume is.
  await (await open(join(root, 'records'), 'r')).close()
  await using file = await open(join(root, 'filling'), 'w')
  for (let done = 0; done < MAX_FILL_MIB; done++) await file.write(Buffer.alloc(FILL_BYTES, 0xaa))
  await file.sync()
}

function say(message: ScribeAnswer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
