import { randomInt } from 'node:crypto'
import { closeSync, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs'
import type { Write } from './writing.ts'

/**
 * A program that overwrites random blocks of a file at a steady pace until it gets a message, and then tells
 * how long each turn took.
 */

const BLOCK_BYTES = 64 << 10
const TURN_MS = 5
const FLUSH_EVERY = 10

const [path = '', bytesPerSecond = '', flushes = ''] = process.argv.slice(2)
const file = openSync(path, 'r+')
const blocks = Math.floor(fstatSync(file).size / BLOCK_BYTES)
const block = Buffer.alloc(BLOCK_BYTES)
const writes: Write[] = []
const start = performance.now()
let written = 0

const timer = setInterval(() => {
  const due = ((performance.now() - start) / 1000) * Number(bytesPerSecond)
  let bytes = 0
  const begin = performance.now()
  for (; written < due; written += BLOCK_BYTES, bytes += BLOCK_BYTES) {
    block.fill(randomInt(256))
    writeSync(file, block, 0, BLOCK_BYTES, randomInt(blocks) * BLOCK_BYTES)
  }
  if (bytes === 0) return
  if (flushes === 'true' && writes.length % FLUSH_EVERY === 0) fdatasyncSync(file)
  writes.push({ endedAt: Date.now(), tookMs: performance.now() - begin, bytes })
}, TURN_MS)

process.once('message', () => {
  clearInterval(timer)
  closeSync(file)
  process.send?.(writes, () => {
    process.disconnect()
  })
})

process.send?.('begun')

// The parent process has ended.
process.once('disconnect', () => {
  process.exit()
})
