import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Starts a command that holds something: it prints a line when it has it, and ends with a line on its
 * standard input, which it gets with the disposal.
 */
export async function startHolding([command = '', ...args]: readonly string[]): Promise<AsyncDisposable> {
  const holder = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(holder, 'exit')
  await once(holder.stdout, 'data')
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end('\n')
      await ended
    },
  }
}
