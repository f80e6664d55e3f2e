import { fileURLToPath } from 'node:url'
import type { Deadline } from '@grpc/grpc-js'
import { fromJSON, type Options, type PackageDefinition } from '@grpc/proto-loader'
import protobuf from 'protobufjs'
import type { ControllerDefinition } from './generated/csi/v1/Controller.ts'
import type { GroupControllerDefinition } from './generated/csi/v1/GroupController.ts'
import type { IdentityDefinition } from './generated/csi/v1/Identity.ts'
import type { NodeDefinition } from './generated/csi/v1/Node.ts'
import type { SnapshotMetadataDefinition } from './generated/csi/v1/SnapshotMetadata.ts'
import type { RegistrationDefinition } from './generated/pluginregistration/Registration.ts'

/**
 * How messages are represented. The types in `generated/` depend on the same settings, as flags of
 * `npm run generate`: change both, or the types are wrong.
 */
export const loaderOptions = {
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
  oneofs: true,
} as const satisfies Options

/**
 * A loaded .proto file: its services by full name for gRPC, and the schema with its options for reflection.
 */
export interface Protocol {
  readonly definitions: PackageDefinition
  readonly schema: protobuf.Root
}

/** The CSI services with their types, and their schema. */
export interface Csi {
  readonly Identity: IdentityDefinition
  readonly Controller: ControllerDefinition
  readonly GroupController: GroupControllerDefinition
  readonly SnapshotMetadata: Streaming<SnapshotMetadataDefinition>
  readonly Node: NodeDefinition
  readonly schema: protobuf.Root
}

/**
 * The methods of a generated service definition, without the index signature that all definitions inherit.
 */
export type MethodsOf<Definition> = {
  [Name in keyof Definition as string extends Name ? never : Name]: Definition[Name]
}

/**
 * An RPC as a function. Every field of its request is set. The signal fires when the caller has cancelled the
 * call, its deadline has passed, or the driver stops. It returns one response, or, for a streaming method, an
 * async generator, which is read only as fast as the caller reads. The deadline is for handlers that forward
 * the call.
 */
type Handler<Method> = Method extends {
  requestDeserialize: (bytes: Buffer) => infer Request
  responseSerialize: (response: infer Response) => Buffer
}
  ? Method extends { responseStream: true }
    ? (request: Request, signal: AbortSignal, deadline: Deadline) => AsyncIterable<Response>
    : (request: Request, signal: AbortSignal, deadline: Deadline) => Promise<Response> | Response
  : never

/** The handlers of a service by RPC name, with a small first letter. An RPC without one is UNIMPLEMENTED. */
export type Handlers<Definition> = {
  readonly [Name in keyof MethodsOf<Definition> & string as Uncapitalize<Name>]?: Handler<
    MethodsOf<Definition>[Name]
  >
}

/** A service whose methods all return streams, which the generated types do not show. */
export type Streaming<Definition> = Definition & {
  readonly [Name in keyof MethodsOf<Definition>]: { readonly responseStream: true }
}

/**
 * Loads a file of `proto/`, which lies beside both `src/` and `dist/`.
 *
 * It is parsed here and passed to proto-loader as JSON, because proto-loader's own result does not have the
 * field options (csi_secret), and parsing the file twice would be slower.
 */
export function loadProto(name: string): Protocol {
  const path = fileURLToPath(new URL(`../../proto/${name}`, import.meta.url))
  const schema = new protobuf.Root().loadSync(path)
  schema.resolveAll()
  return { definitions: fromJSON(schema.toJSON(), loaderOptions), schema }
}

let loaded: Csi | undefined

/** The CSI protocol. It is loaded at the first call, so commands without gRPC do not load it. */
export function csi(): Csi {
  loaded ??= loadCsi()
  return loaded
}

function loadCsi(): Csi {
  const { definitions, schema } = loadProto('csi.proto')
  return {
    Identity: definitions['csi.v1.Identity'] as unknown as IdentityDefinition,
    Controller: definitions['csi.v1.Controller'] as unknown as ControllerDefinition,
    GroupController: definitions['csi.v1.GroupController'] as unknown as GroupControllerDefinition,
    SnapshotMetadata: definitions['csi.v1.SnapshotMetadata'] as unknown as Csi['SnapshotMetadata'],
    Node: definitions['csi.v1.Node'] as unknown as NodeDefinition,
    schema,
  }
}

/** The service by which plugins register with the kubelet. */
export function registrationProtocol(): RegistrationDefinition {
  const { definitions } = loadProto('pluginregistration.proto')
  return definitions['pluginregistration.Registration'] as unknown as RegistrationDefinition
}
