import { parentPort, workerData } from 'node:worker_threads'
import type { Span } from './spans.ts'
import { StepTransfer, type TransferFiles } from './step-transfer.ts'

/**
 * The program of the threads of transfer-thread.ts: a message is a span, the answer is how far one step in it
 * came.
 */
const transfer = new StepTransfer(workerData as TransferFiles)
parentPort?.on('message', (span: Span) => {
  parentPort?.postMessage(transfer.step(span))
})
