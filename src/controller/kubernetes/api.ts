import { ApiException, KubeConfig } from '@kubernetes/client-node'
import { messageOf } from '../../volumes/model/errors.ts'

/** Access to the API server: by KUBECONFIG, or by the pod's service account. */
export function kubeConfig(): KubeConfig {
  const config = new KubeConfig()
  config.loadFromDefault()
  return config
}

/** Whether an error is a response of the API server with one of these HTTP codes. */
export function isStatus(error: unknown, ...codes: number[]): boolean {
  return error instanceof ApiException && codes.includes(error.code)
}

/** The message of an error in one line: the client's own messages include all headers of the response. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiException)) return messageOf(error)
  const [, reason = ''] = /^Message: (.*)$/m.exec(error.message) ?? []
  return `the API server answers ${error.code} (${reason})`
}

/** Creates an object of the API; the client's classes have fields only. */
export function object<T extends object>(type: new () => T, fields: Partial<T>): T {
  return Object.assign(new type(), fields)
}
