import { VolumeError } from '../volumes/model/errors.ts'

/**
 * The path of a CSI socket, for servers and for clients.
 * @param endpoint `unix:///path/csi.sock`, or the path alone
 * @throws VolumeError invalid-argument unless it is an absolute path that ends in `.sock`, as CSI requires
 */
export function socketPath(endpoint: string): string {
  const path = endpoint.replace(/^unix:(\/\/)?/, '')
  if (path.startsWith('/') && path.endsWith('.sock')) return path
  throw new VolumeError(
    'invalid-argument',
    `endpoint "${endpoint}" is not of the form unix:///path/to/csi.sock`,
  )
}
