import type { Deadline } from '@grpc/grpc-js'
import type { MethodsOf } from './protocol.ts'

/**
 * An RPC as a function: it gets the request with every field filled in, and a signal that fires when the
 * caller has given up, its deadline has passed, or the driver has to stop now. It returns one response, or
 * for a method that answers with a stream (as an async generator) many, of which the next one is asked for
 * when the caller can take it. Who hands the call on also needs its deadline.
 */
type Handler<Method> = Method extends {
  requestDeserialize: (bytes: Buffer) => infer Request
  responseSerialize: (response: infer Response) => Buffer
}
  ? Method extends { responseStream: true }
    ? (request: Request, signal: AbortSignal, deadline: Deadline) => AsyncIterable<Response>
    : (request: Request, signal: AbortSignal, deadline: Deadline) => Promise<Response> | Response
  : never

/**
 * The handlers of a service by RPC name, first letter small. An RPC that is left out answers UNIMPLEMENTED.
 */
export type Handlers<Definition> = {
  readonly [Name in keyof MethodsOf<Definition> & string as Uncapitalize<Name>]?: Handler<
    MethodsOf<Definition>[Name]
  >
}
