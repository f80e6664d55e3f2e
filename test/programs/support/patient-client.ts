import { setTimeout } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { carriedClient, type Services } from '../../soak/carried-client.ts'

/** What a CO repeats a call after, because another call is under way (CSI specification, "Error Scheme"). */
const passing: readonly unknown[] = [status.ABORTED, status.UNAVAILABLE]

const PAUSE_MS = 100

/** A client that repeats calls as a CO does it, until the signal fires. */
export function patientClient(services: Services, signal: AbortSignal): Services {
  return carriedClient(services, async (call) => {
    for (;;) {
      try {
        return await call(services)
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error
        await setTimeout(PAUSE_MS)
      }
    }
  })
}

function isPassing(error: unknown): boolean {
  return passing.includes((error as { readonly code?: unknown }).code)
}
