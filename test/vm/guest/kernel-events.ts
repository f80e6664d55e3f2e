import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'

/** Events of the kernel come in order. What a call has caused is there so long after it has returned. */
const SETTLED_MS = 1000

/** The events that the kernel sends about partitions, by udevadm(8). */
export class KernelEvents implements AsyncDisposable {
  readonly #monitor: ChildProcess
  readonly #events: string[] = []

  private constructor(monitor: ChildProcess) {
    this.#monitor = monitor
  }

  /** Resolves when the monitor listens. */
  static async listen(): Promise<KernelEvents> {
    const args = ['monitor', '--kernel', '--subsystem-match=block/partition']
    const monitor = spawn('udevadm', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const events = new KernelEvents(monitor)
    const listening = Promise.withResolvers<undefined>()
    createInterface(monitor.stdout).on('line', (line) => {
      const [, action, device] = /^KERNEL\[[^\]]*\] (\w+)\s.*\/(loop\d+p\d+) /.exec(line) ?? []
      if (device !== undefined) events.#events.push(`${action} ${device}`)
      // The last line of its introduction.
      if (line.startsWith('KERNEL - ')) listening.resolve(undefined)
    })
    await listening.promise
    return events
  }

  /** The events since the last call, such as `add loop3p1`. */
  async take(): Promise<string[]> {
    await setTimeout(SETTLED_MS)
    return this.#events.splice(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#monitor, 'exit')
    this.#monitor.kill()
    await ended
  }
}
