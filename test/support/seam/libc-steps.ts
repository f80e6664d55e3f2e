import * as files from '../../../src/linux/abi/files.ts'
import * as loop from '../../../src/linux/abi/loop.ts'
import { mountFlags } from '../../../src/linux/abi/mount.ts'
import { pathOf } from './files.ts'
import type { Step } from './take-step.ts'

type Values = readonly unknown[]

const ioctls = namesOf(
  { ...loop, ...files },
  /^(LOOP_(CTL|SET|GET|CLR|CHANGE|CONFIGURE)|BLK|FICLONE|FIFREEZE|FITHAW|FITRIM|FS_)/,
)
const whences = namesOf(files, /^SEEK/)

/** The commands that were started, by process id. */
const commands = new Map<unknown, unknown>()

/** The system calls that are made by number (src/linux/mount/mount-api.ts). */
const mountApi: Readonly<Record<number, (path: unknown, target: unknown) => Step>> = {
  428: (path) => ({ call: 'open_tree', objects: [String(path)] }),
  429: (_, target) => ({ call: 'move_mount', objects: [String(target)] }),
  442: () => ({ call: 'mount_setattr', objects: [] }),
}

/** Of <sys/wait.h>: only a question, which is asked as often as it takes. */
const WNOHANG = 1

const steps: Readonly<Record<string, (values: Values) => Step | undefined>> = {
  ioctl: ([fd, request]) => on(fd, ioctls.get(request) ?? `ioctl ${String(request)}`),
  mount: ([source, target, type, flags]) => ({
    call: 'mount',
    objects:
      typeof type === 'string'
        ? [type, String(target), String(source)]
        : [kindOfMount(Number(flags)), String(target)],
  }),
  syscall: ([number, , path, , target]) =>
    mountApi[Number(number)]?.(path, target) ?? { call: `syscall ${String(number)}`, objects: [] },
  umount2: ([target]) => ({ call: 'umount2', objects: [String(target)] }),
  mknod: ([path]) => ({ call: 'mknod', objects: [String(path)] }),
  fallocate: ([fd, mode]) => on(fd, mode === 0 ? 'fallocate' : 'punch'),
  flock: ([fd]) => on(fd, 'flock'),
  syncfs: ([fd]) => on(fd, 'syncfs'),
  lseek: ([fd, , whence]) => on(fd, whences.get(whence) ?? 'lseek'),
  copy_file_range: ([, , target]) => on(target, 'copy_file_range'),
  memfd_create: ([name]) => ({ call: 'memfd_create', objects: [String(name)] }),
  posix_spawnp: ([, command]) => ({ call: 'run', objects: [String(command)] }),
  waitid: ([, pid, , options]) =>
    Number(options) & WNOHANG ? undefined : { call: 'wait', objects: [String(commands.get(pid))] },
}

/** @returns undefined for functions that only fill the caller's memory, or close a file */
export function stepOf(name: string, values: Values): Step | undefined {
  return steps[name]?.(values)
}

/** Called for every call that has ended: a process id identifies the command. */
export function started(name: string, [pid, command, , , argv]: Values): void {
  if (name !== 'posix_spawnp' || !Buffer.isBuffer(pid)) return
  // A command that is made to fail is run by a shell.
  commands.set(pid.readInt32LE(), command === '/bin/sh' ? (argv as unknown[])[4] : command)
}

function on(fd: unknown, call: string): Step {
  return { call, objects: [pathOf(Number(fd))] }
}

function kindOfMount(flags: number): string {
  if (flags & mountFlags.private) return 'private'
  return flags & mountFlags.remount ? 'remount' : 'bind'
}

function namesOf(numbers: Readonly<Record<string, unknown>>, names: RegExp): Map<unknown, string> {
  return new Map(
    Object.entries(numbers).flatMap(([name, value]) => (names.test(name) ? [[value, name]] : [])),
  )
}
