import type { TestHost } from '../support/host.ts'

export type Services = TestHost['client']

/** Makes a call with the client of the moment. */
export type Carry<Client extends Services> = (call: (client: Client) => Promise<unknown>) => Promise<unknown>

/**
 * A client whose calls are all made by another object, which can repeat and measure them. Streams are not
 * among them.
 */
export function carriedClient<Client extends Services>(example: Client, carry: Carry<Client>): Services {
  function service<Name extends keyof Services>(name: Name): Services[Name] {
    const methods = Object.keys(example[name]).map((method) => [
      method,
      (...request: unknown[]) =>
        carry((client) => Reflect.apply(client[name][method as never], undefined, request)),
    ])
    return Object.fromEntries(methods) as Services[Name]
  }
  return {
    controller: service('controller'),
    groupController: service('groupController'),
    node: service('node'),
  }
}
