import { ApiException, KubeConfig } from '@kubernetes/client-node'
import { messageOf } from '../../volumes/model/errors.ts'

/** How this process reaches the API server: as a pod, or by KUBECONFIG. */
export function kubeConfig(): KubeConfig {
  const config = new KubeConfig()
  config.loadFromDefault()
  return config
}

/** True for an answer of the API server with one of these HTTP codes. */
export function isStatus(error: unknown, ...codes: number[]): boolean {
  return error instanceof ApiException && codes.includes(error.code)
}

/** What went wrong, in one line: the client's own messages have all headers of the answer. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiException)) return messageOf(error)
  const [, reason = ''] = /^Message: (.*)$/m.exec(error.message) ?? []
  return `the API server answers ${error.code} (${reason})`
}

/** An object of the API; its classes are no more than their fields. */
export function object<T extends object>(type: new () => T, fields: Partial<T>): T {
  return Object.assign(new type(), fields)
}
