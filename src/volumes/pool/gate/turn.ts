import { AsyncLocalStorage } from 'node:async_hooks'
import * as fs from 'node:fs/promises'

/** What is running in the current asynchronous context. */
export interface Scope {
  readonly gate: { run<T>(call: () => Promise<T>): Promise<T> }
  /** True inside of a call that has its turn: what it calls belongs to that turn. */
  readonly hasTurn: boolean
  /** True where calls go before waiting ones. */
  readonly isUrgent: boolean
}

export const scopes = new AsyncLocalStorage<Scope | undefined>()

/** Whether this runs inside of a call that has its turn. */
export function hasTurn(): boolean {
  return scopes.getStore()?.hasTurn === true
}

/**
 * One system call, when it is its turn at the gate in whose `within` this runs; at once where there is none.
 */
export function turn<T>(call: () => Promise<T>): Promise<T> {
  const scope = scopes.getStore()
  return scope && !scope.hasTurn ? scope.gate.run(call) : call()
}

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
export const truncate = gated(fs.truncate)
export const writeFile = gated(fs.writeFile)
