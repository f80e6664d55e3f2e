import { once } from 'node:events'
import {
  status as codes,
  type Deadline,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { scopeOf, within, type CallTracer } from './call-scope.ts'
import { CancelledError, statusOf, type Status } from './errors.ts'
import { redact } from './redact.ts'

type AnyCall = ServerUnaryCall<object, object> | ServerWritableStream<object, object>
type Handler<Answer> = (request: object, signal: AbortSignal, deadline: Deadline) => Answer
type UnaryHandler = Handler<Promise<object> | object>
type StreamHandler = Handler<AsyncIterable<object>>

/**
 * Called at the end of every call: the method's path, the name of the status, and the duration in seconds.
 */
export type CallObserver = (path: string, code: string, seconds: number) => void

/** Context of all calls of a server. */
export interface CallContext {
  readonly log: Logger
  /** Fires when all calls must end. */
  readonly stopping: AbortSignal
  /** The fields in the log of the calls that are running. */
  readonly running: Set<object>
  readonly observe: CallObserver
  readonly tracer: CallTracer
}

/** @param path gRPC's path of the method: `/csi.v1.Controller/CreateVolume` */
export function unary(
  path: string,
  handler: UnaryHandler,
  context: CallContext,
): handleUnaryCall<object, object> {
  return (call, callback) => {
    let response: object | undefined
    const work = async (signal: AbortSignal): Promise<void> => {
      response = await handler(call.request, signal, call.getDeadline())
    }
    void runCall(path, call, context, work).then((failure) => {
      callback(failure ?? null, response)
    })
  }
}

/** As `unary`, for a method that returns a stream. */
export function serverStream(
  path: string,
  handler: StreamHandler,
  context: CallContext,
): handleServerStreamingCall<object, object> {
  return (call) => {
    const work = async (signal: AbortSignal): Promise<void> => {
      for await (const message of handler(call.request, signal, call.getDeadline())) {
        signal.throwIfAborted()
        // Wait for a slow caller: queued messages would exhaust the memory.
        if (!call.write(message)) await once(call, 'drain', { signal })
      }
    }
    void runCall(path, call, context, work).then((failure) => {
      // grpc-js sends the status that an 'error' event carries.
      if (failure) call.emit('error', failure)
      else call.end()
    })
  }
}

/**
 * The only adapter from promises to gRPC's callbacks. Every call gets a scope, a signal and a log line; a
 * failed call also gets a status.
 */
function runCall(
  path: string,
  call: AnyCall,
  context: CallContext,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<Status | undefined> {
  const start = performance.now()
  const subject = subjectOf(call.request)
  const { requestId, trace } = scopeOf(call.metadata)
  const span = context.tracer.begin(path, subject, trace)
  const runAndLog = async (): Promise<Status | undefined> => {
    const fieldsOfCall = { method: path.slice(path.lastIndexOf('/') + 1), ...subject }
    const log = context.log.child(fieldsOfCall)
    if (log.isLevelEnabled('debug')) log.debug({ request: redact(path, call.request) }, 'called')
    context.running.add(fieldsOfCall)
    const { failure, error } = await outcomeOf(call, subject, context.stopping, work)
    context.running.delete(fieldsOfCall)
    const milliseconds = performance.now() - start
    const code = failure?.code ?? codes.OK
    const level = levelOf(path, code)
    const fields = { code: codes[code], durationMs: Math.round(milliseconds * 10) / 10 }
    log[level](level === 'error' ? { ...fields, err: error } : fields, failure?.details ?? 'done')
    context.observe(path, codes[code], milliseconds / 1000)
    span.end(codes[code], failure?.details)
    return failure
  }
  return within({ requestId, trace: span.headers }, () => span.run(runAndLog))
}

interface Outcome {
  readonly failure?: Status
  readonly error?: unknown
}

async function outcomeOf(
  call: AnyCall,
  subject: Subject,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<Outcome> {
  const cancelled = new AbortController()
  const cancel = (): void => {
    cancelled.abort(new CancelledError())
  }
  if (call.cancelled) cancel()
  call.on('cancelled', cancel)
  try {
    await work(AbortSignal.any([cancelled.signal, stopping]))
    return {}
  } catch (error) {
    return { failure: statusOf(error, nameOf(subject)), error }
  } finally {
    call.off('cancelled', cancel)
  }
}

/** The object of a call. */
type Subject = Readonly<Partial<Record<'volume' | 'snapshot' | 'group' | 'name', unknown>>>

function subjectOf(request: object): Subject {
  if ('volumeId' in request) return { volume: request.volumeId }
  if ('targetSnapshotId' in request) return { snapshot: request.targetSnapshotId }
  if ('snapshotId' in request) return { snapshot: request.snapshotId }
  if ('groupSnapshotId' in request) return { group: request.groupSnapshotId }
  return 'name' in request ? { name: request.name } : {}
}

/** `volume "x"` */
function nameOf(subject: Subject): string | undefined {
  const [entry] = Object.entries(subject)
  return entry && `${entry[0]} ${JSON.stringify(entry[1])}`
}

/** Methods that change something. */
const mutating =
  /\/(Create|Delete|ControllerExpand|ControllerModify|NodeStage|NodeUnstage|NodePublish|NodeUnpublish|NodeExpand)\w*$/

/** Faults of the driver, not of the request or of the machine's state. */
const faults: readonly codes[] = [codes.INTERNAL, codes.UNKNOWN]

/**
 * The log level for the end of a call. Reads are frequent, and NOT_FOUND is a normal response to them: the
 * router finds the node of an object by such calls.
 * @param path gRPC's path of the method: `/csi.v1.Controller/CreateVolume`
 */
export function levelOf(path: string, code: codes): 'debug' | 'info' | 'warn' | 'error' {
  const isMutating = mutating.test(path)
  if (code === codes.OK) return isMutating ? 'info' : 'debug'
  if (faults.includes(code)) return 'error'
  return code === codes.NOT_FOUND && !isMutating ? 'debug' : 'warn'
}
