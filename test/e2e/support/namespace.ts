import { basename } from 'node:path'
import { eventually, type Patience } from '../../support/eventually.ts'
import { get, getAll, kubectl, type KubeObject } from './kubectl.ts'
import { outcome, type Outcome } from './command.ts'

interface Event {
  readonly reason: string
  readonly message: string
}

interface PodStatus extends KubeObject {
  readonly spec: {
    readonly nodeName?: string
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[]
  }
  readonly status: {
    readonly phase: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

/** Of many pods that wait for the same reason, a few are reported. */
const TOLD_PODS = 3

/** A namespace for the objects of one test file; disposing deletes it, with all volumes. */
export class Namespace implements AsyncDisposable {
  readonly name: string

  private constructor(name: string) {
    this.name = name
  }

  /** @param testFile its name makes the namespace's */
  static async make(testFile: string): Promise<Namespace> {
    const name = `e2e-${basename(testFile, '.test.ts').replace(/^\d+-/, '')}`
    const namespace = new Namespace(name)
    await namespace[Symbol.asyncDispose]()
    await kubectl(['create', 'namespace', name])
    // A pod cannot be made before its service account is there.
    await eventually('the default service account', () => namespace.get('serviceaccount', 'default'))
    return namespace
  }

  kubectl(...args: string[]): Promise<string> {
    return kubectl(['--namespace', this.name, ...args])
  }

  async apply(...objects: readonly KubeObject[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects }
    await kubectl(['--namespace', this.name, 'apply', '--filename=-'], { input: JSON.stringify(list) })
  }

  async applyFile(path: string): Promise<void> {
    await this.kubectl('apply', `--filename=${path}`)
  }

  get<T = KubeObject>(kind: string, name: string): Promise<T> {
    return get<T>(kind, name, '--namespace', this.name)
  }

  getAll<T = KubeObject>(kind: string, ...args: string[]): Promise<T[]> {
    return getAll<T>(kind, '--namespace', this.name, ...args)
  }

  async patch(kind: string, name: string, patch: object): Promise<void> {
    await this.kubectl('patch', kind, name, '--type=merge', `--patch=${JSON.stringify(patch)}`)
  }

  async delete(kind: string, ...names: string[]): Promise<void> {
    await this.kubectl('delete', kind, ...names, '--wait', '--ignore-not-found', '--timeout=180s')
  }

  /** Waits until they run and are ready; says what the cluster says when they do not get there. */
  async running(names: readonly string[], { timeoutMs = 180_000 }: Patience = {}): Promise<void> {
    try {
      await this.kubectl(
        ...['wait', '--for=condition=Ready', `--timeout=${timeoutMs / 1000}s`],
        ...names.map((name) => `pod/${name}`),
      )
    } catch (error) {
      const ready = await Promise.all(names.map((name) => this.isReady(name)))
      const waiting = names.filter((_, index) => !ready[index])
      const told = waiting.slice(0, TOLD_PODS).map(async (name) => `${name}:\n${await this.story(name)}`)
      throw new Error((await Promise.all(told)).join('\n'), { cause: error })
    }
  }

  async nodeOf(pod: string): Promise<string> {
    return (await this.get<PodStatus>('pod', pod)).spec.nodeName ?? ''
  }

  async isReady(pod: string): Promise<boolean> {
    const { status } = await this.get<PodStatus>('pod', pod)
    return status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  }

  async events(name: string): Promise<Event[]> {
    return this.getAll<Event & KubeObject>('events', `--field-selector=involvedObject.name=${name}`)
  }

  /** The events of a pod and of its claims. */
  async story(pod: string): Promise<string> {
    const { spec } = await this.get<PodStatus>('pod', pod)
    const claims = (spec.volumes ?? []).flatMap(
      ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [],
    )
    const events = await Promise.all([...new Set([pod, ...claims])].map((name) => this.events(name)))
    return events
      .flat()
      .map(({ reason, message }) => `  ${reason}: ${message}`)
      .join('\n')
  }

  /** Runs a shell command in a pod. @returns what it prints */
  async shell(pod: string, command: string): Promise<string> {
    return (await this.kubectl('exec', pod, '--', 'sh', '-c', command)).trim()
  }

  /** As `shell`, for commands that are meant to fail. */
  tryShell(pod: string, command: string): Promise<Outcome> {
    return outcome('kubectl', ['--namespace', this.name, 'exec', pod, '--', 'sh', '-c', command])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await kubectl(['delete', 'namespace', this.name, '--ignore-not-found', '--wait', '--timeout=240s'])
  }
}
