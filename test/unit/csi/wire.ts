import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs'

/**
 * What is on the wire in CSI 1.13, one fact a line: services, methods, messages, fields with number and type,
 * enum values, reserved numbers, extensions. Written from the specification's published names and numbers,
 * not from our file.
 */
export function wireFacts(): string[] {
  const file = new URL('wire-1.13.txt', import.meta.url)
  return readFileSync(file, 'utf8').trimEnd().split('\n')
}

/** The same lines, made of a loaded schema. */
export function describeSchema(schema: protobuf.Root): string[] {
  return describeNested(schema.lookup('csi.v1') as protobuf.Namespace)
}

function describeNested(namespace: protobuf.NamespaceBase): string[] {
  return namespace.nestedArray.flatMap((entry) => {
    if (entry instanceof protobuf.Service) return describeService(entry)
    if (entry instanceof protobuf.Type) return [...describeMessage(entry), ...describeNested(entry)]
    if (entry instanceof protobuf.Enum) return describeEnum(entry)
    if (entry instanceof protobuf.Field) return describeExtension(entry)
    throw new Error(`${entry.fullName} is of no kind that CSI has`)
  })
}

function describeService(service: protobuf.Service): string[] {
  const methods = service.methodsArray.map((method) =>
    line(
      `rpc ${service.name}.${method.name}`,
      method.requestStream && 'stream',
      nameOf(method.resolvedRequestType),
      method.responseStream && 'stream',
      nameOf(method.resolvedResponseType),
      hasOption(method, 'alpha_method') && 'alpha',
    ),
  )
  return [line(`service ${service.name}`, hasOption(service, 'alpha_service') && 'alpha'), ...methods]
}

function describeMessage(message: protobuf.Type): string[] {
  const name = nameOf(message)
  const fields = message.fieldsArray.map((field) =>
    line(
      `field ${name}.${snakeCase(field.name)} ${field.id}`,
      field.repeated && 'repeated',
      typeOf(field),
      field.partOf && `oneof ${snakeCase(field.partOf.name)}`,
      hasOption(field, 'alpha_field') && 'alpha',
      hasOption(field, 'csi_secret') && 'secret',
    ),
  )
  const reserved = (message.toJSON().reserved ?? []).map(
    (range) => `reserved ${name} ${[range].flat().join('-')}`,
  )
  return [line(`message ${name}`, hasOption(message, 'alpha_message') && 'alpha'), ...fields, ...reserved]
}

function describeEnum(enumeration: protobuf.Enum): string[] {
  const name = nameOf(enumeration)
  const values = Object.entries(enumeration.values).map(([value, number]) => {
    const options = enumeration.valuesOptions?.[value]
    return line(`value ${name}.${value} ${number}`, options?.['(alpha_enum_value)'] === true && 'alpha')
  })
  return [line(`enum ${name}`, hasOption(enumeration, 'alpha_enum') && 'alpha'), ...values]
}

function describeExtension(field: protobuf.Field): string {
  return line(`extension ${snakeCase(field.name)} ${field.id}`, field.type, field.extend)
}

function typeOf(field: protobuf.Field): string {
  const type = field.resolvedType ? nameOf(field.resolvedType) : field.type
  return field instanceof protobuf.MapField ? `map<${field.keyType},${type}>` : type
}

function hasOption(object: protobuf.ReflectionObject, option: string): boolean {
  return object.options?.[`(${option})`] === true
}

function nameOf(type: protobuf.ReflectionObject | null): string {
  return type ? type.fullName.replace(/^\.(csi\.v1\.)?/, '') : 'unresolved'
}

/** Our code has camelCase names, the file has these. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function line(...words: (string | false | null | undefined)[]): string {
  return words.filter(Boolean).join(' ')
}
