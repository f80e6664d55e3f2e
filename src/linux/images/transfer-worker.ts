import { parentPort, workerData } from 'node:worker_threads'
import { FileOnThread } from './file-calls.ts'
import type { Span } from './spans.ts'
import { TransferEngine, transferStep } from './transfer-engine.ts'
import type { TransferFiles } from './transfer.ts'

/**
 * The program of the threads of transfer.ts: a message is a span, the answer is how far one step in it
 * came.
 */
const { insideKernel, source, target } = workerData as TransferFiles
const engine = new TransferEngine(new FileOnThread(source), new FileOnThread(target), insideKernel)
parentPort?.on('message', (span: Span) => {
  parentPort?.postMessage(transferStep(engine, span))
})
