import { readSync, writeSync } from 'node:fs'
import { hasErrno } from '../../volumes/model/errors.ts'
import { turn } from '../../volumes/pool/gate/turn.ts'
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../abi/files.ts'
import {
  copyFileRange,
  copyFileRangeSync,
  fallocate,
  fallocateSync,
  lseek,
  lseekSync,
} from '../system-calls.ts'
import { FileIO, type OpenFile, type Readable, type Writable } from './open-file.ts'
import type { Span } from './spans.ts'
import { inProcess, onThread, type Result, type Work } from './work.ts'

/** A file as it is passed to a thread: open in the process. */
export interface FileDescriptor {
  readonly fd: number
  /** Its name in errors. */
  readonly path: string
}

/** The system calls that copies make, of one file. All of them can fail. */
export interface FileCalls extends FileDescriptor, Readable, Writable {
  /**
   * lseek(2) with SEEK_DATA or SEEK_HOLE.
   * @returns undefined where there is nothing more, or the file has become shorter than the offset
   */
  seek(offset: bigint, whence: number): Result<bigint | undefined>
  /** fallocate(2), which makes a hole. */
  punch(span: Span): Result<void>
  /** copy_file_range(2). @returns how much was copied, and 0 at the end of this file */
  copyTo(target: FileDescriptor, span: Span): Result<bigint>
  /** Two independent pieces of work. */
  both<A, B>(a: Work<A>, b: Work<B>): Result<[A, B]>
}

const PUNCH = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE

/** For errors; built only when needed, because there are many calls. */
const purposes = {
  seek:
    ({ path }: FileDescriptor) =>
    () =>
      `find the extents of ${path}`,
  punch:
    ({ path }: FileDescriptor) =>
    () =>
      `punch a hole into ${path}`,
  copy:
    (source: FileDescriptor, target: FileDescriptor, { start, end }: Span) =>
    () =>
      `copy ${end - start} bytes at ${start} of ${source.path} to ${target.path}`,
}

function unlessBehindEnd(error: unknown): undefined {
  if (!hasErrno(error, 'ENXIO')) throw error
}

/** Calls of the process: each has its turn at the pool's gate. */
export class FileInProcess extends FileIO implements FileCalls {
  readonly fd: number
  readonly path: string

  constructor(file: OpenFile) {
    super(file)
    this.fd = file.handle.fd
    this.path = file.path
  }

  seek(offset: bigint, whence: number): Promise<bigint | undefined> {
    return turn(() => lseek(this.fd, offset, whence, purposes.seek(this))).catch(unlessBehindEnd)
  }

  punch({ start, end }: Span): Promise<void> {
    return turn(() => fallocate(this.fd, PUNCH, start, end - start, purposes.punch(this)))
  }

  copyTo(target: FileDescriptor, span: Span): Promise<bigint> {
    const length = span.end - span.start
    const purpose = purposes.copy(this, target, span)
    return turn(() => copyFileRange(this.fd, target.fd, span.start, length, purpose))
  }

  /** In parallel. When this settles, even after a failure, both have ended. */
  async both<A, B>(a: Work<A>, b: Work<B>): Promise<[A, B]> {
    const working = [inProcess(a), inProcess(b)] as const
    await Promise.allSettled(working)
    return await Promise.all(working)
  }
}

/** Calls of a thread, which waits for each. */
export class FileOnThread implements FileCalls {
  readonly fd: number
  readonly path: string

  constructor({ fd, path }: FileDescriptor) {
    this.fd = fd
    this.path = path
  }

  read(buffer: Buffer, filled: number, offset: bigint): number {
    return readSync(this.fd, buffer, filled, buffer.length - filled, offset)
  }

  write(buffer: Buffer, written: number, offset: bigint): number {
    return writeSync(this.fd, buffer, written, buffer.length - written, Number(offset))
  }

  seek(offset: bigint, whence: number): bigint | undefined {
    try {
      return lseekSync(this.fd, offset, whence, purposes.seek(this))
    } catch (error) {
      unlessBehindEnd(error)
      return undefined
    }
  }

  punch({ start, end }: Span): void {
    fallocateSync(this.fd, PUNCH, start, end - start, purposes.punch(this))
  }

  copyTo(target: FileDescriptor, span: Span): bigint {
    const length = span.end - span.start
    return copyFileRangeSync(this.fd, target.fd, span.start, length, purposes.copy(this, target, span))
  }

  both<A, B>(a: Work<A>, b: Work<B>): [A, B] {
    return [onThread(a), onThread(b)]
  }
}
