/**
 * What the kernel can answer at a step, of EIO (a disk that fails), ENOSPC (a full disk, or table), EBUSY
 * (somebody else was faster), EINTR (a signal during a wait) and ENOMEM; and whether the step changes
 * something, so that it matters whether a driver dies before or behind it.
 *
 * Node's own calls are repeated by libuv after EINTR, so it is given to those of libc.ts only, and only where
 * the kernel waits in a way that a signal ends. Commands end by an exit code, without having done anything,
 * or by SIGKILL.
 */
export interface Faults {
  readonly faults: readonly string[]
  readonly changes: boolean
}

const reads = (...faults: string[]): Faults => ({ faults, changes: false })
const writes = (...faults: string[]): Faults => ({ faults, changes: true })

/** The first one that fits counts. */
const table: readonly (readonly [steps: RegExp, faults: Faults])[] = [
  // Made up by the kernel in memory.
  [/^(mkdir|rmdir) <trace>/, writes('ENOMEM', 'EBUSY')],
  [/^writeFile <trace>/, writes('ENOMEM')],
  [/^\w+ (<trace>|\/(proc|sys)\/)/, reads('ENOMEM')],
  [/^memfd_create /, reads('ENOMEM')],
  [/^mknod /, writes('ENOSPC', 'ENOMEM')],

  // drivers/block/loop.c waits for its locks with mutex_lock_killable; LOOP_GET_STATUS64 asks the file behind
  // the device.
  [/^LOOP_CTL_GET_FREE /, writes('EINTR', 'ENOMEM')],
  [/^LOOP_CONFIGURE /, writes('EBUSY', 'EINTR', 'ENOMEM')],
  [/^LOOP_GET_STATUS64 /, reads('EINTR', 'EIO')],
  [/^LOOP_CLR_FD /, writes('EINTR', 'EBUSY')],
  [/^LOOP_SET_\w+ /, writes('EINTR')],
  [/^BLKROSET /, writes()],
  [/^BLKGETSIZE64 /, reads()],
  [/^open \/dev\/loop# O_EXCL/, reads('EBUSY', 'ENOMEM')],
  [/^\w+ \/dev\/loop# (r|r\+) /, reads('ENOMEM')],
  [/^fsync \/dev\/loop# /, writes('EIO', 'ENOSPC')],
  [/^(fstat|lstat) \/dev\/loop# /, reads('ENOMEM')],

  // ENOSPC: fs.mount-max.
  [/^(mount (bind|private)|open_tree|move_mount) /, writes('ENOMEM', 'ENOSPC')],
  [/^mount_setattr /, writes('EBUSY', 'ENOMEM')],
  [/^mount /, writes('EIO', 'EBUSY', 'ENOMEM', 'ENOSPC')],
  [/^umount2 /, writes('EBUSY', 'ENOMEM')],
  [/^FIFREEZE /, writes('EIO', 'ENOSPC', 'EBUSY')],
  [/^FITHAW /, writes('EIO')],

  [/^run blkid /, reads('ENOMEM', 'exit 2', 'SIGKILL')],
  [/^run e2fsck /, writes('ENOMEM', 'exit 8', 'SIGKILL')],
  [/^run /, writes('ENOMEM', 'exit 1', 'SIGKILL')],
  [/^wait /, writes()],

  [/^(FICLONE|FICLONERANGE|copy_file_range) /, writes('EIO', 'ENOSPC', 'ENOMEM', 'EINTR')],
  [/^(fallocate|punch) /, writes('EIO', 'ENOSPC', 'ENOMEM', 'EINTR')],
  [/^(SEEK_DATA|SEEK_HOLE|FS_IOC_FIEMAP) /, reads('EIO', 'ENOMEM')],
  [/^flock /, reads('ENOMEM')],
  [/^(fsync|fdatasync|syncfs) /, writes('EIO', 'ENOSPC')],
  [/^(mkdir|writeFile|write|ftruncate|rename) /, writes('EIO', 'ENOSPC', 'ENOMEM')],
  [/^open .* wx?\+? /, writes('EIO', 'ENOSPC', 'ENOMEM')],
  [/^rmdir /, writes('EIO', 'EBUSY', 'ENOMEM')],
  [/^(rm|unlink) /, writes('EIO', 'ENOMEM')],
  [/^(open|opendir|read|readFile|readdir|realpath|stat|lstat|fstat|statfs) /, reads('EIO', 'ENOMEM')],
]

/** @throws for a step without a row */
export function faultsOf(step: string): Faults {
  const found = table.find(([steps]) => steps.test(step))
  if (found) return found[1]
  throw new Error(`test/faults/faults.ts does not say how this step can fail: ${step}`)
}
