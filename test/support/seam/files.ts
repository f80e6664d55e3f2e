import fs, { constants, promises, readlinkSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { takeLongStep, takeStep, type Step } from './take-step.ts'
import { systemError } from './system-error.ts'

/** Functions of node:fs/promises that are not over when a promise is. */
const lasting = ['watch', 'glob']

const withTwoPaths = ['rename', 'link', 'symlink', 'copyFile', 'cp']

/** Where Node's errors name another system call than the function; on open files they know no path. */
const syscalls: Readonly<Record<string, string>> = {
  readFile: 'read',
  writeFile: 'write',
  readdir: 'scandir',
}
const pathless = ['read', 'write']

/**
 * What is done with open files, and the system calls. Closing is left out: the file systems of disks have
 * nothing to do for it that could fail, and a killed process closes as well.
 */
const ofHandles: Readonly<Record<string, string>> = {
  sync: 'fsync',
  datasync: 'fdatasync',
  truncate: 'ftruncate',
  stat: 'fstat',
  read: 'read',
  write: 'write',
  readFile: 'read',
  writeFile: 'write',
  chmod: 'fchmod',
}

/**
 * Makes steps of the calls of node:fs/promises, of those of its open files, and of the blocking reads of
 * /proc and /sys.
 */
export async function watchFiles(): Promise<void> {
  const handle = await promises.open('/dev/null')
  for (const [method, syscall] of Object.entries(ofHandles)) {
    watch(Object.getPrototypeOf(handle) as object, method, (self) => {
      const step = { call: syscall, objects: [pathOf((self as FileHandle).fd)] }
      return { step, error: (fault) => systemError(fault, syscall, []) }
    })
  }
  await handle.close()
  for (const [method, value] of Object.entries(promises)) {
    if (typeof value !== 'function' || lasting.includes(method)) continue
    watch(promises, method, (_, values) => {
      const paths = values.slice(0, withTwoPaths.includes(method) ? 2 : 1).map(String)
      const syscall = syscalls[method] ?? method
      const objects = method === 'open' ? [...paths, flagNames(values[1])] : paths
      const step = { call: method, objects }
      return { step, error: (fault) => systemError(fault, syscall, pathless.includes(syscall) ? [] : paths) }
    })
  }
  watchKernelFiles()
  syncBuiltinESMExports()
}

interface Call {
  readonly step: Step
  readonly error: (fault: string) => Error
}

function watch(owner: object, method: string, callOf: (self: unknown, values: unknown[]) => Call): void {
  const original: unknown = Reflect.get(owner, method)
  if (typeof original !== 'function') throw new Error(`there is no function ${method}`)
  Reflect.set(owner, method, function (this: unknown, ...values: unknown[]): Promise<unknown> {
    const { step, error } = callOf(this, values)
    const work = () => Reflect.apply(original, this, values) as Promise<unknown>
    return takeLongStep(step, work, (fault) => Promise.reject(error(fault)))
  })
}

/**
 * Only these are read by blocking calls; modules are, too, and are no steps. How often it is looked whether a
 * child still works is a matter of time, so that is none either.
 */
const kernelFiles = /^\/(proc\/(?!\d+\/(stat|io)$)|sys\/)/

function watchKernelFiles(): void {
  const original = fs.readFileSync
  const watched = (path: unknown, ...options: unknown[]): unknown => {
    const work = () => Reflect.apply(original, fs, [path, ...options]) as unknown
    if (typeof path !== 'string' || !kernelFiles.test(path)) return work()
    return takeStep({ call: 'readFileSync', objects: [path] }, work, (fault) => {
      throw systemError(fault, 'read', [])
    })
  }
  Reflect.set(fs, 'readFileSync', watched)
}

/** What an open file is called, by the kernel. */
export function pathOf(fd: number): string {
  return readlinkSync(`/proc/self/fd/${fd}`)
}

const openFlags = {
  O_EXCL: constants.O_EXCL,
  O_DIRECTORY: constants.O_DIRECTORY,
  O_NOFOLLOW: constants.O_NOFOLLOW,
  O_NONBLOCK: constants.O_NONBLOCK,
  O_PATH: 0o10000000,
}

function flagNames(flags: unknown): string {
  if (typeof flags !== 'number') return typeof flags === 'string' ? flags : 'r'
  const names = Object.entries(openFlags).filter(([, flag]) => (flags & flag) === flag)
  return names.map(([name]) => name).join('|')
}
