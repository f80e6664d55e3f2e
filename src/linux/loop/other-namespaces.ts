import { readdir, readFile, readlink } from 'node:fs/promises'
import { hasErrno } from '../../volumes/errors.ts'
import { readMountInfo } from '../find-mount.ts'
import { parseMountInfo, type MountInfo } from '../mountinfo.ts'

/** The first pid namespace, in which /proc shows all processes: PROC_PID_INIT_INO of <linux/proc_ns.h>. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]'

/** kthreadd has all capabilities, so /proc hides it, if any (`hidepid` of proc(5)). */
const KTHREADD = '2'

export interface NamespaceMounts {
  /** Of a process in the namespace. */
  readonly pid: string
  readonly mounts: readonly MountInfo[]
}

/**
 * The mounts that are not in our mount namespace but in those of other processes. Anyone may read the mountinfo of a process that
 * /proc shows (mounts_open_common() of fs/proc_namespace.c); only the link to its namespace takes CAP_SYS_PTRACE.
 */
export class OtherNamespaces {
  /** True when the mounts of all processes of the machine were read. */
  isComplete = true
  readonly found: NamespaceMounts[] = []
  readonly #seen: Set<string>
  /** Each mount is one line, with a number of its own: one that is shown to several processes is looked at once. */
  readonly #lines: Set<string>

  private constructor(namespace: string, mountInfo: string) {
    this.#seen = new Set([namespace])
    this.#lines = new Set(mountInfo.split('\n'))
  }

  static async list(): Promise<OtherNamespaces> {
    const others = new OtherNamespaces(await readlink('/proc/self/ns/mnt'), await readMountInfo())
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const pidNamespace = await readlink('/proc/self/ns/pid')
    if (pidNamespace !== FIRST_PID_NAMESPACE || !pids.includes(KTHREADD)) others.isComplete = false
    for (const pid of pids) await others.#lookAt(pid)
    return others
  }

  /** Each thread can have a namespace of its own, and the first one can end before the others. */
  async #lookAt(pid: string): Promise<void> {
    const threads = await this.#unlessGone(() => readdir(`/proc/${pid}/task`))
    for (const thread of threads ?? [])
      await this.#unlessGone(() => this.#lookAtThread(pid, `/proc/${pid}/task/${thread}`))
  }

  async #lookAtThread(pid: string, thread: string): Promise<void> {
    const namespace = await readlink(`${thread}/ns/mnt`).catch(refused)
    if (namespace !== undefined && this.#seen.has(namespace)) return
    const lines = (await readFile(`${thread}/mountinfo`, 'utf8')).split('\n')
    const mounts = lines.filter((line) => !this.#lines.has(line)).flatMap(parseMountInfo)
    for (const line of lines) this.#lines.add(line)
    if (mounts.length > 0) this.found.push({ pid, mounts })
    if (namespace !== undefined) this.#seen.add(namespace)
  }

  async #unlessGone<T>(look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look()
    } catch (error) {
      // It has ended; of a zombie the mounts are EINVAL.
      if (hasErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) return undefined
      refused(error)
      this.isComplete = false
      return undefined
    }
  }
}

/** @throws any other error */
function refused(error: unknown): undefined {
  if (!hasErrno(error, 'EACCES', 'EPERM')) throw error
}
