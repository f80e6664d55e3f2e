import {
  type ChannelCredentials,
  Client,
  credentials as grpcCredentials,
  Metadata,
  type MethodDefinition,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import type { ControllerDefinition } from './generated/csi/v1/Controller.ts'
import type { GroupControllerDefinition } from './generated/csi/v1/GroupController.ts'
import type { IdentityDefinition } from './generated/csi/v1/Identity.ts'
import type { NodeDefinition } from './generated/csi/v1/Node.ts'
import { csi, type MethodsOf } from './protocol.ts'

/** How long a call may take. */
export interface CallOptions {
  /** Cancels the call, which then fails with CANCELLED; the server sees it too. */
  readonly signal?: AbortSignal | undefined
  /** The moment after which it fails with DEADLINE_EXCEEDED, as a Date or in milliseconds since 1970. */
  readonly deadline?: Date | number | undefined
}

type UnaryCall<Method> = Method extends {
  requestSerialize: (request: infer Request) => Buffer
  responseDeserialize: (bytes: Buffer) => infer Response
}
  ? (request: Request, options?: CallOptions) => Promise<Response>
  : never

/** A service's unary methods as promise functions. They reject with grpc-js's ServiceError: `code` and `details`. */
export type ServiceClient<Definition> = {
  readonly [Name in keyof MethodsOf<Definition> & string as Uncapitalize<Name>]: UnaryCall<
    MethodsOf<Definition>[Name]
  >
}

/** A connection to a CSI driver. */
export interface CsiClient extends Disposable {
  readonly identity: ServiceClient<IdentityDefinition>
  readonly controller: ServiceClient<ControllerDefinition>
  readonly groupController: ServiceClient<GroupControllerDefinition>
  readonly node: ServiceClient<NodeDefinition>
  /** Takes no more calls; those that still run may finish. */
  close(): void
}

/**
 * A client of a CSI driver. It connects at the first call, and again whenever the connection was lost.
 *
 * @param address `unix:///path/csi.sock` or `host:port`
 */
export function connect(
  address: string,
  credentials: ChannelCredentials = grpcCredentials.createInsecure(),
): CsiClient {
  // Connections are pooled per process by default, with their reconnect back-off: a new client of a restarted driver
  // would wait for the back-off of an old one.
  const client = new Client(address, credentials, { 'grpc.use_local_subchannel_pool': 1 })
  const { Identity, Controller, GroupController, Node } = csi()
  const close = (): void => {
    client.close()
  }
  return {
    identity: serviceClient(client, Identity),
    controller: serviceClient(client, Controller),
    groupController: serviceClient(client, GroupController),
    node: serviceClient(client, Node),
    close,
    [Symbol.dispose]: close,
  }
}

function serviceClient<Definition extends ServiceDefinition>(
  client: Client,
  definition: Definition,
): ServiceClient<Definition> {
  const methods: [string, UntypedMethod][] = Object.entries(definition)
  const calls = methods.map(([name, method]) => [
    name.charAt(0).toLowerCase() + name.slice(1),
    (request: unknown, options?: CallOptions) => callUnary(client, method, request, options),
  ])
  return Object.fromEntries(calls) as ServiceClient<Definition>
}

type UntypedMethod = MethodDefinition<unknown, unknown>

function callUnary(
  client: Client,
  method: UntypedMethod,
  request: unknown,
  { signal, deadline }: CallOptions = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new Metadata(),
      deadline === undefined ? {} : { deadline },
      (error, response) => {
        signal?.removeEventListener('abort', cancel)
        if (error) reject(error)
        else resolve(response)
      },
    )
    const cancel = (): void => {
      call.cancel()
    }
    if (signal?.aborted) cancel()
    else signal?.addEventListener('abort', cancel, { once: true })
  })
}
