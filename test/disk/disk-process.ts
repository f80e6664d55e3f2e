/**
 * Serves one disk: a file that is a FUSE file system, for a loop device to be attached to. A process of its
 * own, because who calls a file system must not be who answers.
 *
 *     node disk-process.ts TARGET BYTES DIRECTORY [journal]
 */
import { argv } from 'node:process'
import { hasErrno } from '../../src/volumes/model/errors.ts'
import { Faults, type Behaviour, type RequestKind } from './faults.ts'
import {
  dataOf,
  decodeRequest,
  encodeAnswer,
  encodeAttributes,
  encodeInit,
  encodeOpen,
  encodeStatfs,
  encodeWritten,
  fallocateOf,
  opcodes,
  rangeOf,
  REQUEST_BYTES,
  type Request,
} from './fuse.ts'
import { mountFuse } from './mount-fuse.ts'
import { Store } from './store.ts'

/** What the test sends. */
export type Order =
  | { readonly order: 'behave'; readonly behaviour: Behaviour }
  | { readonly order: 'mark'; readonly text: string }
  | { readonly order: 'count' }

const EIO = 5
const ENOSYS = 38

/** `errno` is 0 for success. */
interface Outcome {
  readonly errno: number
  readonly body?: Buffer | undefined
}

const done: Outcome = { errno: 0 }

const [target = '', bytesText = '', directory = '', journal] = argv.slice(2)
const bytes = Number(bytesText)
const store = new Store(directory, bytes, journal === 'journal')
const faults = new Faults()
/** Ends the waiting of those that hang. */
let changed = Promise.withResolvers<undefined>()

process.on('message', (order: Order) => {
  if (order.order === 'mark') store.note({ type: 'mark', text: order.text })
  if (order.order === 'behave') {
    faults.become(order.behaviour)
    changed.resolve(undefined)
    changed = Promise.withResolvers()
  }
  process.send?.(faults.seen)
})
process.on('disconnect', end)

const device = await mountFuse('disk', target, 'file')
process.send?.('ready')
for (;;) {
  const buffer = Buffer.allocUnsafe(REQUEST_BYTES)
  const { bytesRead } = await device.read(buffer).catch(ended)
  void answer(decodeRequest(buffer.subarray(0, bytesRead)))
}

/** process.exit() would wait for the thread that waits for requests. */
function end(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('a process has outlived SIGKILL')
}

/** ENODEV: it was unmounted. */
function ended(error: unknown): never {
  if (hasErrno(error, 'ENODEV')) end()
  throw error
}

async function answer(request: Request): Promise<void> {
  const { opcode, unique } = request
  const { errno, body } = await outcomeOf(request)
  if (opcode === opcodes.destroy) return
  // ENOENT: the call was interrupted meanwhile.
  await device.write(encodeAnswer(unique, errno, body)).catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT', 'ENODEV')) throw error
  })
}

async function outcomeOf(request: Request): Promise<Outcome> {
  switch (request.opcode) {
    case opcodes.init:
      return { errno: 0, body: encodeInit() }
    case opcodes.getattr:
    case opcodes.setattr:
      return { errno: 0, body: encodeAttributes(bytes) }
    case opcodes.open:
      return { errno: 0, body: encodeOpen() }
    case opcodes.statfs:
      return { errno: 0, body: encodeStatfs() }
    case opcodes.flush:
    case opcodes.release:
    case opcodes.destroy:
      return done
    case opcodes.read:
      return await faulty('read', () => store.read(rangeOf(request)))
    case opcodes.write:
      return await faulty('write', () => write(request))
    case opcodes.fsync:
      return await faulty('flush', () => {
        store.note({ type: 'flush' })
        return undefined
      })
    case opcodes.fallocate:
      return await faulty('discard', () => {
        store.discard(fallocateOf(request))
        return undefined
      })
    default:
      return { errno: ENOSYS }
  }
}

function write(request: Request): Buffer {
  const { offset, length } = rangeOf(request)
  store.write(offset, dataOf(request).subarray(0, length))
  return encodeWritten(length)
}

async function faulty(kind: RequestKind, work: () => Buffer | undefined): Promise<Outcome> {
  const fault = faults.next(kind)
  if (fault?.hangs) await changed.promise
  if (fault?.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
  if (fault?.errno !== undefined) return { errno: fault.errno }
  try {
    return { errno: 0, body: work() }
  } catch (error) {
    console.error(error)
    return { errno: EIO }
  }
}
