import { expect } from '@jest/globals'
import { CommandError } from '../../src/linux/process/command-error.ts'
import type { CommandOutput, RunOptions } from '../../src/linux/process/exec.ts'

/** One command that is expected, and how it ends. */
export interface ScriptedCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly stdout?: string
  readonly stderr?: string
  /** 0 by default; null for one that a signal has ended. */
  readonly exitCode?: number | null
}

/**
 * Commands that are expected, in their order. A wrong one fails, and so does a missing one at the disposal.
 */
export class ScriptedCommands implements Disposable {
  /** With what options the commands were run. */
  readonly options: RunOptions[] = []
  readonly #expected: ScriptedCommand[]

  constructor(...expected: readonly ScriptedCommand[]) {
    this.#expected = [...expected]
  }

  readonly run = (command: string, args: readonly string[], options: RunOptions): Promise<CommandOutput> => {
    options.signal.throwIfAborted()
    const next = this.#expected.shift()
    expect({ command, args }).toEqual({ command: next?.command, args: next?.args })
    this.options.push(options)
    const { exitCode = 0, stderr = '', stdout = '' } = next ?? {}
    if (exitCode === 0) return Promise.resolve({ stdout, stderr })
    const end = {
      pid: 1,
      exitCode,
      signal: exitCode === null ? ('SIGKILL' as const) : null,
      hasEnded: true,
      limitMs: undefined,
      stalledMs: undefined,
      wasStopped: false,
    }
    return Promise.reject(new CommandError(command, args, end, stdout, stderr))
  };

  [Symbol.dispose](): void {
    expect(this.#expected).toEqual([])
  }
}
