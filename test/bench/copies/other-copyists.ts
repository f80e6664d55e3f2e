import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FICLONE } from '../../../src/linux/abi/files.ts'
import { ioctl } from '../../../src/linux/system-calls.ts'
import { replaceFile } from '../../../src/volumes/pool/files/durable.ts'
import { sh } from '../shell-contender.ts'
import type { Copyist } from './copyist.ts'

export interface ShellCopyOptions {
  readonly how: '--reflink=never --sparse=always' | '--reflink=always'
  /** Whether the copy is also on the disk in the end, as it is after a call of the driver. */
  readonly flushed: boolean
}

/** cp(1), and sync(1) of the one file. */
export function shellCopyist(source: string, directory: string, { how, flushed }: ShellCopyOptions): Copyist {
  const target = (name: string): string => join(directory, `${name}.img`)
  const script = `cp ${how} "$1" "$2"${flushed ? '; sync "$2"' : ''}`
  return {
    column: 'shell',
    copy: (name) => sh(script, source, target(name)),
    remove: (name) => rm(target(name)),
  }
}

/**
 * The bare FICLONE, and what is the floor of creation: a small file written, fsynced, renamed, the directory
 * fsynced.
 */
export function floorCloner(source: string, directory: string): Copyist {
  const folder = (name: string): string => join(directory, name)
  return {
    column: 'floor',
    prepare: (name) => mkdir(folder(name)),
    async copy(name) {
      await using from = await open(source, 'r')
      await using to = await open(join(folder(name), 'disk.img'), 'wx')
      await ioctl(to.fd, FICLONE, from.fd, 'FICLONE')
      await replaceFile(join(folder(name), 'record.json'), '{}\n')
    },
    remove: (name) => rm(folder(name), { recursive: true }),
  }
}
