import { call, declare, declareIfPresent, errnoNow, SystemCallError } from '../libc.ts'

/**
 * Starting processes by posix_spawn(3).
 *
 * Node's own spawn forks: the kernel copies the page tables of all our memory, and we fault on every page
 * after it, all on the main thread: 2.3 ms for `true` in a process of 84 MiB, 5.1 ms at 177 MiB. posix_spawn
 * lends the child our memory until it runs its program: 0.8 ms at any size, on a worker thread.
 */

const memfdCreate = declare('memfd_create', 'str', 'unsigned int')
const closeCall = declare('close', 'int')
const spawnCall = declare('posix_spawnp', 'void *', 'str', 'void *', 'void *', 'str *', 'str *')
const actionsInit = declare('posix_spawn_file_actions_init', 'void *')
const actionsDestroy = declare('posix_spawn_file_actions_destroy', 'void *')
const actionsOpen = declare('posix_spawn_file_actions_addopen', 'void *', 'int', 'str', 'int', 'unsigned int')
const actionsDup2 = declare('posix_spawn_file_actions_adddup2', 'void *', 'int', 'int')
/** Since glibc 2.34. Before, the kernel closes a child's copies a moment after posix_spawn has returned. */
const actionsCloseFrom = declareIfPresent('posix_spawn_file_actions_addclosefrom_np', 'void *', 'int')
const attributesInit = declare('posix_spawnattr_init', 'void *')
const attributesFlags = declare('posix_spawnattr_setflags', 'void *', 'short')
const attributesMask = declare('posix_spawnattr_setsigmask', 'void *', 'void *')
const attributesDefault = declare('posix_spawnattr_setsigdefault', 'void *', 'void *')

/** <spawn.h>: glibc's flags, and sizes that its structures do not exceed. */
const POSIX_SPAWN_SETPGROUP = 0x02
const POSIX_SPAWN_SETSIGDEF = 0x04
const POSIX_SPAWN_SETSIGMASK = 0x08
const ACTIONS_BYTES = 128
const ATTRIBUTES_BYTES = 512
const SIGNAL_SET_BYTES = 128

const MFD_CLOEXEC = 1

/** No signal is blocked or ignored in the child, whatever the worker thread that starts it has blocked. */
function makeAttributes(): Buffer {
  const attributes = Buffer.alloc(ATTRIBUTES_BYTES)
  attributesInit(attributes)
  attributesFlags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
  attributesMask(attributes, Buffer.alloc(SIGNAL_SET_BYTES))
  attributesDefault(attributes, Buffer.alloc(SIGNAL_SET_BYTES, 0xff))
  return attributes
}

const attributes = makeAttributes()

/**
 * An unnamed file in memory, which children do not inherit unless they are given it.
 * @returns its descriptor
 */
export function makeMemoryFile(name: string): number {
  const fd = memfdCreate(name, MFD_CLOEXEC)
  if (fd < 0) throw new SystemCallError('memfd_create', errnoNow(), `make a file in memory for ${name}`)
  return fd
}

export function closeDescriptor(fd: number): void {
  closeCall(fd)
}

/** The children that have no program yet. */
const starting = new Set<Promise<unknown>>()

/**
 * Waits until no child has copies of descriptors of ours any more. Those that are being started have,
 * close-on-exec or not, and keep mounts busy and locks taken by them that we have let go.
 */
export async function childrenStarted(): Promise<void> {
  await Promise.allSettled(starting)
}

/**
 * Starts a command, found by PATH, in a process group of its own.
 * @param environment `NAME=value`
 * @returns its process id, which is that of the group too
 * @throws SystemCallError ENOENT when there is no such command
 */
export async function posixSpawn(
  command: string,
  args: readonly string[],
  environment: readonly string[],
  stdout: number,
  stderr: number,
): Promise<number> {
  const actions = Buffer.alloc(ACTIONS_BYTES)
  const pid = Buffer.alloc(4)
  actionsInit(actions)
  try {
    actionsOpen(actions, 0, '/dev/null', 0, 0)
    actionsDup2(actions, stdout, 1)
    actionsDup2(actions, stderr, 2)
    actionsCloseFrom?.(actions, 3)
    // It returns the errno instead of setting it.
    const parameters = [pid, command, actions, attributes, [command, ...args, null], [...environment, null]]
    const start = call('posix_spawn', spawnCall, parameters, `start ${command}`)
    starting.add(start)
    const errno = await start.finally(() => starting.delete(start))
    if (errno !== 0) throw new SystemCallError('posix_spawn', errno, `start ${command}`)
    return pid.readInt32LE()
  } finally {
    actionsDestroy(actions)
  }
}
