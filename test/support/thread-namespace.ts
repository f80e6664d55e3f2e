import { execFileSync } from 'node:child_process'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import koffi from 'koffi'
import { unmountOthers } from './namespace.ts'

/**
 * `node thread-namespace.ts DEVICE FILE` bind-mounts the node of a device in a mount namespace that one
 * thread of this process alone has, until its standard input ends.
 */
const CLONE_NEWNS = 0x20000
const [device = '', file = ''] = process.argv.slice(2)

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
  worker.once('message', () => {
    console.log('bound')
  })
  process.stdin.resume().once('end', () => void worker.terminate())
} else {
  if (koffi.load(null).func('unshare', 'int', ['int'])(CLONE_NEWNS) !== 0)
    throw new Error('unshare has failed')
  execFileSync('mount', ['--make-rprivate', '/'])
  execFileSync('sh', ['-c', unmountOthers(undefined)])
  execFileSync('mount', ['--bind', device, file])
  // To be heard of keeps the thread.
  parentPort?.once('message', () => undefined)
  parentPort?.postMessage('bound')
}
