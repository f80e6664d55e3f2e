import { addAbortListener } from 'node:events'
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  connectivityState,
  credentials as grpcCredentials,
  type MethodDefinition,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import { outgoingMetadata } from './call-scope.ts'
import type { ControllerDefinition } from './generated/csi/v1/Controller.ts'
import type { GroupControllerDefinition } from './generated/csi/v1/GroupController.ts'
import type { IdentityDefinition } from './generated/csi/v1/Identity.ts'
import type { NodeDefinition } from './generated/csi/v1/Node.ts'
import { csi, type Csi, type MethodsOf } from './protocol.ts'

/** How long a call may take. */
export interface CallOptions {
  /** Cancels the call, which then fails with CANCELLED; the server sees it too. */
  readonly signal?: AbortSignal | undefined
  /** The moment after which it fails with DEADLINE_EXCEEDED, as a Date or in milliseconds since 1970. */
  readonly deadline?: Date | number | undefined
}

type Call<Method> = Method extends {
  requestSerialize: (request: infer Request) => Buffer
  responseDeserialize: (bytes: Buffer) => infer Response
}
  ? Method extends { responseStream: true }
    ? (request: Request, options?: CallOptions) => AsyncGenerator<Response>
    : (request: Request, options?: CallOptions) => Promise<Response>
  : never

/**
 * A service's methods as functions. They fail with grpc-js's ServiceError: `code` and `details`. A stream
 * begins when it is first read; leaving it before its end cancels the call.
 */
export type ServiceClient<Definition> = {
  readonly [Name in keyof MethodsOf<Definition> & string as Uncapitalize<Name>]: Call<
    MethodsOf<Definition>[Name]
  >
}

/** A connection to a CSI driver. */
export interface CsiClient extends Disposable {
  readonly identity: ServiceClient<IdentityDefinition>
  readonly controller: ServiceClient<ControllerDefinition>
  readonly groupController: ServiceClient<GroupControllerDefinition>
  readonly snapshotMetadata: ServiceClient<Csi['SnapshotMetadata']>
  readonly node: ServiceClient<NodeDefinition>
  /** True while there is a connection over which calls can go. */
  isConnected(): boolean
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
  options: ChannelOptions = {},
): CsiClient {
  // Connections are pooled per process by default, with their reconnect back-off: a new client of a restarted
  // driver would wait for the back-off of an old one.
  const client = new Client(address, credentials, { ...options, 'grpc.use_local_subchannel_pool': 1 })
  const { Identity, Controller, GroupController, SnapshotMetadata, Node } = csi()
  const close = (): void => {
    client.close()
  }
  return {
    identity: serviceClient(client, Identity),
    controller: serviceClient(client, Controller),
    groupController: serviceClient(client, GroupController),
    snapshotMetadata: serviceClient(client, SnapshotMetadata),
    node: serviceClient(client, Node),
    isConnected: () => client.getChannel().getConnectivityState(false) === connectivityState.READY,
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
    (request: unknown, options?: CallOptions) =>
      (method.responseStream ? callStream : callUnary)(client, method, request, options),
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
      outgoingMetadata(),
      withDeadline(deadline),
      (error, response) => {
        listening?.[Symbol.dispose]()
        if (error) reject(error)
        else resolve(response)
      },
    )
    const listening = cancelOnAbort(call, signal)
  })
}

async function* callStream(
  client: Client,
  method: UntypedMethod,
  request: unknown,
  { signal, deadline }: CallOptions = {},
): AsyncGenerator {
  const call = client.makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
    outgoingMetadata(),
    withDeadline(deadline),
  )
  // The error of a call that is cancelled when its reader has left has nobody else to hear it.
  call.on('error', () => undefined)
  using _listening = cancelOnAbort(call, signal)
  try {
    yield* call
  } finally {
    call.cancel()
  }
}

/** Until the disposal. A signal that has aborted before counts, too. */
function cancelOnAbort(call: { cancel(): void }, signal: AbortSignal | undefined): Disposable | undefined {
  return (
    signal &&
    addAbortListener(signal, () => {
      call.cancel()
    })
  )
}

function withDeadline(deadline: CallOptions['deadline']): { deadline?: Date | number } {
  return deadline === undefined ? {} : { deadline }
}
