import protobuf from 'protobufjs'
import { csi } from './protocol.ts'

/** What stands in a log in place of a secret; the CSI sidecars write the same. */
export const STRIPPED = '***stripped***'

/**
 * The kubelet puts service account tokens into a field that CSI does not mark, unless the CSIDriver says
 * otherwise.
 */
const TOKENS = 'csi.storage.k8s.io/serviceAccount.tokens'

/**
 * A copy of a request that is fit for the log. Which fields are secret is read from the protocol itself (the
 * field option `csi_secret`), so a new one cannot be forgotten here.
 *
 * @param path the method's path, as gRPC has it: `/csi.v1.Controller/CreateVolume`
 */
export function redact(path: string, request: object): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...request }
  for (const field of secretFields().get(path) ?? []) {
    if (!isEmpty(copy[field])) copy[field] = STRIPPED
  }
  if (isRecord(copy['volumeContext']) && TOKENS in copy['volumeContext']) {
    copy['volumeContext'] = { ...copy['volumeContext'], [TOKENS]: STRIPPED }
  }
  return copy
}

type SecretFields = ReadonlyMap<string, readonly string[]>

let known: SecretFields | undefined

function secretFields(): SecretFields {
  known ??= findSecretFields(csi().schema)
  return known
}

/**
 * For each method, the secret fields of its request. CSI has them at a request's top level only, as a test
 * checks.
 */
function findSecretFields(schema: protobuf.Root): SecretFields {
  const services = schema.lookup('csi.v1', protobuf.Namespace) as protobuf.Namespace
  return new Map(
    services.nestedArray
      .filter((entry) => entry instanceof protobuf.Service)
      .flatMap((service) => service.methodsArray.map((method) => [service, method] as const))
      .map(([service, method]) => [
        `/csi.v1.${service.name}/${method.name}`,
        (method.resolvedRequestType?.fieldsArray ?? []).filter(isSecret).map((field) => field.name),
      ]),
  )
}

function isSecret(field: protobuf.Field): boolean {
  return field.options?.['(csi_secret)'] === true
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Absent, or a map without entries: an unset field looks like this, and hides nothing. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (isRecord(value) && Object.keys(value).length === 0)
}
