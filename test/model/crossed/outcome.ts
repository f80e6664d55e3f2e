import { status } from '@grpc/grpc-js'
import { messageOf } from '../../../src/volumes/model/errors.ts'

/** How a call ended: a gRPC code, or what went wrong with a change of the world. */
export interface Outcome {
  readonly code: string
  readonly details: string
}

export const OK: Outcome = { code: 'OK', details: '' }

/** How a call may end beside others. */
const answers = [
  'OK',
  'ABORTED',
  'FAILED_PRECONDITION',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'OUT_OF_RANGE',
  'RESOURCE_EXHAUSTED',
]

/** Answers to calls under which an image was removed, the driver killed, or its descriptors used up. */
const answersInBrokenWorld = ['INTERNAL', 'UNAVAILABLE', 'UNKNOWN']

export async function outcomeOf(work: Promise<Outcome | undefined>): Promise<Outcome> {
  try {
    return (await work) ?? OK
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    const name = typeof code === 'number' ? (status[code] ?? `${code}`) : 'failed'
    return { code: name, details: messageOf(error) }
  }
}

export function isAnswer({ code }: Outcome, world: { readonly isBroken: boolean }): boolean {
  return answers.includes(code) || (world.isBroken && answersInBrokenWorld.includes(code))
}

export function print({ code, details }: Outcome): string {
  return details === '' ? code : `${code}: ${details}`
}
