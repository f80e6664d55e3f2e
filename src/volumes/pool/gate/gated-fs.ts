import * as fs from 'node:fs/promises'
import { turn } from './gate.ts'

/** Each call of node:fs/promises in its turn at the gate of the pool that is being worked with. */
function gated<Call extends (...values: never[]) => Promise<unknown>>(call: Call): Call {
  return ((...values: never[]) => turn(() => call(...values))) as Call
}

export const lstat = gated(fs.lstat)
export const mkdir = gated(fs.mkdir)
export const open = gated(fs.open)
export const readdir = gated(fs.readdir)
export const rename = gated(fs.rename)
export const rm = gated(fs.rm)
export const stat = gated(fs.stat)
export const writeFile = gated(fs.writeFile)
