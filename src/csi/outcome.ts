import { status } from '@grpc/grpc-js'

/** Methods that change something, or are meant to. */
const mutating =
  /\/(Create|Delete|ControllerExpand|ControllerModify|NodeStage|NodeUnstage|NodePublish|NodeUnpublish|NodeExpand)\w*$/

/** Codes for which the driver, and not the request or the state of the machine, is to blame. */
const faults: readonly status[] = [status.INTERNAL, status.UNKNOWN]

/**
 * How important it is that a call has ended in this way. Reads are repeated all the time, and what is not
 * found is an answer to them: the router finds out by such calls which node has something.
 * @param path the method's path, as gRPC has it: `/csi.v1.Controller/CreateVolume`
 */
export function levelOf(path: string, code: status): 'debug' | 'info' | 'warn' | 'error' {
  const isMutating = mutating.test(path)
  if (code === status.OK) return isMutating ? 'info' : 'debug'
  if (faults.includes(code)) return 'error'
  return code === status.NOT_FOUND && !isMutating ? 'debug' : 'warn'
}
