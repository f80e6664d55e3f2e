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

/** Time limits of a call. */
export interface CallOptions {
  /** Cancels the call, on the server as well; it fails with CANCELLED. */
  readonly signal?: AbortSignal | undefined
  /** When the call fails with DEADLINE_EXCEEDED: a Date, or milliseconds since 1970. */
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
 * The methods of a service as functions. They fail with grpc-js's ServiceError: `code` and `details`. A
 * stream begins at the first read; leaving it early cancels the call.
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
  /** Whether there is a connection now. */
  isConnected(): boolean
  /** Refuses new calls; running calls may finish. */
  close(): void
}

/**
 * A client of a CSI driver. It connects at the first call, and reconnects when the connection is lost.
 * @param address `unix:///path/csi.sock` or `host:port`
 */
export function connect(
  address: string,
  credentials: ChannelCredentials = grpcCredentials.createInsecure(),
  options: ChannelOptions = {},
): CsiClient {
  // By default, clients of a process share connections and their reconnect back-off: a new client of a
  // restarted driver would wait for the back-off of an old one.
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
  // Cancelling the call after its reader has left causes an 'error' event without another listener.
  call.on('error', () => undefined)
  using _listening = cancelOnAbort(call, signal)
  try {
    yield* call
  } finally {
    call.cancel()
  }
}

/** Cancels the call when the signal fires, or has fired, until this is disposed of. */
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
