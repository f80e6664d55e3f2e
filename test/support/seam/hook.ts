import { watchClock } from './clock.ts'
import { watchFiles } from './files.ts'
import { watchLibc } from './libc.ts'

/** Loaded into a driver before its main program (`node --import`): the other end of steps.ts. */
watchLibc()
await watchFiles()
watchClock()
