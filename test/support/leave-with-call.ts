import { stat } from 'node:fs/promises'
import { exitSoon } from '../../src/cli/terminal/signals.ts'
import { exitNow } from '../../src/linux/system-calls.ts'

/** `node leave-with-call.ts PATH` ends while it asks for the path. */
const [, , path = ''] = process.argv
stat(path).catch(() => undefined)
exitSoon(exitNow)
