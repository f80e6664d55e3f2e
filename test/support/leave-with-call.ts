import { stat } from 'node:fs/promises'
import { leaveSoon } from '../../src/cli/terminal/leave-soon.ts'

/** `node leave-with-call.ts PATH` ends while it asks for the path. */
const [, , path = ''] = process.argv
stat(path).catch(() => undefined)
leaveSoon()
