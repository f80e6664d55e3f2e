/*
 * Numbers and layouts of waitid(2), posix_spawn(3) and memfd_create(2), from <sys/wait.h>, <signal.h>,
 * <spawn.h> and <sys/mman.h>. Nothing here calls the kernel. The layouts are those of 64-bit Linux.
 */

/** idtype_t: the process of this id. */
export const P_PID = 1
export const WNOHANG = 1
export const WEXITED = 4
/** Leaves the process to be reaped. */
export const WNOWAIT = 0x01000000

/** The fields of siginfo_t that are used. */
export const siginfo = { code: 8, pid: 16, status: 24, bytes: 128 }
/** si_code of an ordinary exit. */
export const CLD_EXITED = 1

export const POSIX_SPAWN_SETPGROUP = 0x02
export const POSIX_SPAWN_SETSIGDEF = 0x04
export const POSIX_SPAWN_SETSIGMASK = 0x08

/** Sizes that the structures of C libraries do not exceed; sigset_t has exactly its size. */
export const SPAWN_ACTIONS_BYTES = 128
export const SPAWN_ATTRIBUTES_BYTES = 512
export const SIGNAL_SET_BYTES = 128

export const MFD_CLOEXEC = 1
