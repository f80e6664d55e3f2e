import protobuf from 'protobufjs'
import { csi } from '../../../src/csi/protocol.ts'
import { evilIntegers, evilStrings } from './values.ts'

export type Message = Readonly<Record<string, unknown>>

/** A method's request with one field set to something evil. */
export interface Case {
  readonly field: string
  readonly evil: string
  readonly request: Message
}

/** All methods of CSI, as `Service.Method`. */
export function methods(): string[] {
  return services().flatMap((service) => service.methodsArray.map(({ name }) => `${service.name}.${name}`))
}

/**
 * Every string and number that the request of a method can have, with every evil value in turn. The fields
 * are the protocol's own, so that none is forgotten.
 *
 * @param good the request that is fine but for that field
 */
export function casesOf(method: string, good: Message, canary: string): Case[] {
  const [service = '', name = ''] = method.split('.')
  const { resolvedRequestType } = csi().schema.lookupService(`csi.v1.${service}`).methods[name] ?? {}
  if (!resolvedRequestType) throw new Error(`${method} has no request`)
  return variants(resolvedRequestType, good, '', evilStrings(canary))
}

function services(): protobuf.Service[] {
  const { nestedArray } = csi().schema.lookup('csi.v1', protobuf.Namespace) as protobuf.Namespace
  return nestedArray.filter((entry) => entry instanceof protobuf.Service)
}

type Strings = ReturnType<typeof evilStrings>

function variants(type: protobuf.Type, good: Message, prefix: string, strings: Strings): Case[] {
  return type.fieldsArray.flatMap((field) => {
    const { name } = field.resolve()
    return fieldVariants(field, good[name], `${prefix}${name}`, strings).map(({ value, ...which }) => ({
      ...which,
      request: { ...good, [name]: value },
    }))
  })
}

interface Variant {
  readonly field: string
  readonly evil: string
  readonly value: unknown
}

function fieldVariants(field: protobuf.Field, good: unknown, path: string, strings: Strings): Variant[] {
  if (field.map) return mapVariants(good as Readonly<Record<string, string>> | undefined, path, strings)
  if (!field.repeated) return oneVariants(field, good, path, strings)
  const [first, ...others] = (good ?? []) as readonly unknown[]
  return oneVariants(field, first, `${path}[0]`, strings).map(({ value, ...which }) => ({
    ...which,
    value: [value, ...others],
  }))
}

/** CSI's maps are all from strings to strings. */
function mapVariants(
  good: Readonly<Record<string, string>> | undefined,
  path: string,
  strings: Strings,
): Variant[] {
  const entry = (field: string, evil: string, key: string, value: string): Variant => ({
    field,
    evil,
    value: Object.fromEntries([...Object.entries(good ?? {}), [key, value]]),
  })
  const keys = Object.keys(good ?? {})
  return strings.flatMap(([what, evil]) => [
    entry(`a key of ${path}`, what, evil, 'value'),
    ...(keys.length > 0 ? keys : ['key']).map((key) => entry(`${path}[${key}]`, what, key, evil)),
  ])
}

function oneVariants(field: protobuf.Field, good: unknown, path: string, strings: Strings): Variant[] {
  const { resolvedType, type } = field
  if (resolvedType instanceof protobuf.Type) {
    return variants(resolvedType, (good ?? {}) as Message, `${path}.`, strings).map(
      ({ request, ...which }) => ({
        ...which,
        value: request,
      }),
    )
  }
  if (type === 'string') return strings.map(([evil, value]) => ({ field: path, evil, value }))
  if (type === 'int32' || type === 'int64') {
    return evilIntegers[type].map((value) => ({ field: path, evil: value, value }))
  }
  return []
}
