/**
 * A command to start a driver within, which loads a module of test/support before its main program (`node
 * --import`).
 *
 * @param env variables that configure the module
 */
export function withHook(module: string, env: Readonly<Record<string, string>> = {}): string[] {
  const hook = new URL(module, import.meta.url).href
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return ['env', `NODE_OPTIONS=--import=${hook}`, ...variables]
}
