import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { native } from '../../src/linux/libc.ts'

/**
 * Loaded into a driver by hook.ts: every syncfs(2) appends a character to the file `begun` in the directory
 * FLUSHES, and waits before it enters the kernel until that directory has a file `go`.
 */
const directory = process.env['FLUSHES'] ?? ''
const { syncfs } = native
const { async: flush } = syncfs

async function waitForGo(): Promise<void> {
  appendFileSync(join(directory, 'begun'), '.')
  while (!existsSync(join(directory, 'go'))) await setTimeout(20)
}

syncfs.async = (...values: Parameters<typeof flush>) => {
  void waitForGo().then(() => {
    flush(...values)
  })
}
