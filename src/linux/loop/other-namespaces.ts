import { open, readdir, readlink, type FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { hasErrno } from '../../volumes/model/errors.ts'
import { readMountInfo } from '../mountinfo/find-mount.ts'
import { parseMountInfo, type MountInfo } from '../mountinfo/mountinfo.ts'

/** The first pid namespace, in which /proc shows all processes: PROC_PID_INIT_INO of <linux/proc_ns.h>. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]'

/** kthreadd has all capabilities, so /proc hides it, if any (`hidepid` of proc(5)). */
const KTHREADD = '2'

/**
 * The kernel writes no more than a page for a small read, so the beginning costs the same for any number of
 * mounts.
 */
const PAGE_BYTES = 4096

/** The event loop runs again after so many mounts. */
const MOUNTS_AT_ONCE = 1000

/** Called for each mount, with a process in whose namespace it is. */
export type Visitor = (pid: string, mount: MountInfo) => void

/**
 * The mounts that are not in our mount namespace but in those of other processes. Any process may read the
 * mountinfo of a process in /proc (mounts_open_common() of fs/proc_namespace.c); only the link to its
 * namespace needs CAP_SYS_PTRACE. That would not be enough either: a process sees the mounts below its root
 * directory only. A user can make many threads, namespaces and mounts, so only one line for each namespace is
 * kept in memory.
 */
export class OtherNamespaces {
  /** True when the mounts of all processes of the machine were read. */
  isComplete = true
  readonly #visit: Visitor
  /**
   * First lines of mountinfo. A line has the number of a mount, which is in one namespace, and its place
   * below the root directory of the process: processes with the same first line see the same mounts.
   */
  readonly #seen: Set<string>
  readonly #own: ReadonlySet<string>

  private constructor(visit: Visitor, mountInfo: string) {
    const own = mountInfo.split('\n')
    this.#visit = visit
    this.#seen = new Set(own.slice(0, 1))
    this.#own = new Set(own)
  }

  static async read(visit: Visitor): Promise<OtherNamespaces> {
    const others = new OtherNamespaces(visit, await readMountInfo())
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const pidNamespace = await readlink('/proc/self/ns/pid')
    if (pidNamespace !== FIRST_PID_NAMESPACE || !pids.includes(KTHREADD)) others.isComplete = false
    for (const pid of pids) await others.#readProcess(pid)
    return others
  }

  /** Each thread can have a namespace of its own, and the first one can end before the others. */
  async #readProcess(pid: string): Promise<void> {
    const threads = await this.#ifRunning(() => readdir(`/proc/${pid}/task`))
    for (const thread of threads ?? [])
      await this.#ifRunning(() => this.#readThread(pid, `/proc/${pid}/task/${thread}`))
  }

  async #readThread(pid: string, thread: string): Promise<void> {
    await using file = await open(`${thread}/mountinfo`)
    const firstLine = await readFirstLine(file)
    if (this.#seen.has(firstLine)) return
    await this.#visitAll(pid, await file.readFile('utf8'))
    this.#seen.add(firstLine)
  }

  async #visitAll(pid: string, mountInfo: string): Promise<void> {
    for (const [index, line] of mountInfo.split('\n').entries()) {
      if (index % MOUNTS_AT_ONCE === 0) await setImmediate()
      if (this.#own.has(line)) continue
      for (const mount of parseMountInfo(line)) this.#visit(pid, mount)
    }
  }

  async #ifRunning<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      // The process has ended; a zombie answers EINVAL.
      if (hasErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) return undefined
      if (!hasErrno(error, 'EACCES', 'EPERM')) throw error
      this.isComplete = false
      return undefined
    }
  }
}

/** By pread(2), so the file's position does not move. */
async function readFirstLine(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(PAGE_BYTES), 0, PAGE_BYTES, 0)
  const text = buffer.toString('utf8', 0, bytesRead)
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}
