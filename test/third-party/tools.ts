import type { Tool } from './tool.ts'
import { bonnie } from './tools/bonnie.ts'
import { dbench } from './tools/dbench.ts'
import { fio } from './tools/fio.ts'
import { fsMark } from './tools/fs-mark.ts'
import { pjdfstest } from './tools/pjdfstest.ts'
import { stressNg } from './tools/stress-ng.ts'

/** In the order in which they are run. */
export const tools: readonly Tool[] = [pjdfstest, stressNg, fio, dbench, fsMark, bonnie]
