import { parentPort } from 'node:worker_threads'
import { FITHAW } from '../abi/files.ts'
import { ioctlSync } from '../system-calls.ts'
import type { ThawAnswer, ThawRequest } from './thaw-thread.ts'

/** The program of the threads of thaw-thread.ts. */
parentPort?.on('message', ({ number, fd, place }: ThawRequest) => {
  parentPort?.postMessage({ number, ...thaw(fd, place) } satisfies ThawAnswer)
})
parentPort?.postMessage('started')

function thaw(fd: number, place: string): { readonly error?: unknown } {
  try {
    ioctlSync(fd, FITHAW, 0, `thaw ${place}`)
    return {}
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { error: { code, message } }
  }
}
