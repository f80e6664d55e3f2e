import { status, type ServerUnaryCall, type handleUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { CancelledError, statusOf } from './errors.ts'
import { redact } from './redact.ts'

type AnyHandler = (request: object, signal: AbortSignal) => Promise<object> | object

/** Calls that the callers repeat all the time and that tell nothing when they succeed. */
const quiet =
  /\/(Probe|GetPlugin\w*|\w+GetCapabilities|NodeGetInfo|NodeGetVolumeStats|GetCapacity|ListVolumes)$/

/** Codes for which the driver, and not the request, is to blame. */
const faults: readonly status[] = [status.INTERNAL, status.UNKNOWN]

/**
 * The one place where a promise meets gRPC's callbacks: every call gets a signal, an answer, and a line in the log.
 *
 * @param path the method's path, as gRPC has it: `/csi.v1.Controller/CreateVolume`
 * @param stopping fires when all calls have to end
 */
export function unary(
  path: string,
  handler: AnyHandler,
  log: Logger,
  stopping: AbortSignal,
): handleUnaryCall<object, object> {
  return (call, callback) => {
    void answer(path, handler, log, stopping, call, callback)
  }
}

let calls = 0

async function answer(
  path: string,
  handler: AnyHandler,
  parent: Logger,
  stopping: AbortSignal,
  call: ServerUnaryCall<object, object>,
  callback: sendUnaryData<object>,
): Promise<void> {
  const start = performance.now()
  const log = parent.child({
    call: ++calls,
    method: path.slice(path.lastIndexOf('/') + 1),
    ...subject(call.request),
  })
  const cancelled = new AbortController()
  const cancel = (): void => {
    cancelled.abort(new CancelledError())
  }
  if (call.cancelled) cancel()
  call.on('cancelled', cancel)
  if (log.isLevelEnabled('debug')) log.debug({ request: redact(path, call.request) }, 'called')
  try {
    const response = await handler(call.request, AbortSignal.any([cancelled.signal, stopping]))
    log[quiet.test(path) ? 'debug' : 'info']({ code: 'OK', ms: elapsed(start) }, 'done')
    callback(null, response)
  } catch (error) {
    const { code, details } = statusOf(error)
    const isFault = faults.includes(code)
    log[isFault ? 'error' : 'warn'](
      { code: status[code], ms: elapsed(start), ...(isFault && { err: error }) },
      details,
    )
    callback({ code, details })
  } finally {
    call.off('cancelled', cancel)
  }
}

/** The volume that a call is about, for the log. */
function subject(request: object): { volume?: unknown; name?: unknown } {
  if ('volumeId' in request) return { volume: request.volumeId }
  return 'name' in request ? { name: request.name } : {}
}

function elapsed(start: number): number {
  return Math.round((performance.now() - start) * 10) / 10
}
