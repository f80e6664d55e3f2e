import protobuf from 'protobufjs'
import { csi } from './protocol.ts'

/** Replaces a secret in the log, as in the logs of the CSI sidecars. */
export const STRIPPED = '***stripped***'

/**
 * Unless the CSIDriver says otherwise, the kubelet puts tokens into a field that CSI does not mark as secret.
 */
const TOKENS = 'csi.storage.k8s.io/serviceAccount.tokens'

/**
 * A copy of a request without secrets, for the log. The secret fields are those with the option `csi_secret`
 * in the protocol, so new ones are included.
 * @param path gRPC's path of the method: `/csi.v1.Controller/CreateVolume`
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

/** The secret fields of each method's request. A test checks that CSI has them at the top level only. */
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

/** An unset field is absent, or a map without entries. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (isRecord(value) && Object.keys(value).length === 0)
}
