import { setTimeout } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { carriedClient, type Services } from '../../soak/carried-client.ts'

/** What a CO repeats a call after, because another call is under way (CSI specification, "Error Scheme"). */
const passing: readonly unknown[] = [status.ABORTED, status.UNAVAILABLE]

const PAUSE_MS = 100

/** Once a run is interrupted, a call that still has to clean up is repeated so many times. */
const LAST_TRIES = 100

/** A client that repeats calls as a CO does it, until the signal fires. */
export function patientClient(services: Services, signal: AbortSignal): Services {
  return carriedClient(services, async (call) => {
    for (let lastTries = 0; ; lastTries += signal.aborted ? 1 : 0) {
      try {
        return await call(services)
      } catch (error) {
        if (lastTries === LAST_TRIES || !isPassing(error)) throw error
        await setTimeout(PAUSE_MS)
      }
    }
  })
}

function isPassing(error: unknown): boolean {
  return passing.includes((error as { readonly code?: unknown }).code)
}
