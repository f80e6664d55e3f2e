import { run, type CommandOptions } from './command.ts'

/** What all Kubernetes objects have; tests read the rest by path. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    /** It is being deleted. */
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

export function kubectl(args: readonly string[], options?: CommandOptions): Promise<string> {
  return run('kubectl', args, options)
}

export async function getAll<T = KubeObject>(kind: string, ...args: string[]): Promise<T[]> {
  const { items } = JSON.parse(await kubectl(['get', kind, '--output=json', ...args])) as { items: T[] }
  return items
}

export async function get<T = KubeObject>(kind: string, name: string, ...args: string[]): Promise<T> {
  return JSON.parse(await kubectl(['get', kind, name, '--output=json', ...args])) as T
}
