import { CommandError } from '../process/command-error.ts'
import { run } from '../process/exec.ts'
import type { Verdict } from './type.ts'

/**
 * Runs a tool that only looks.
 * @param damaged the bit of its exit code that stands for damage
 * @throws CommandError when it could not look
 */
export async function verifyWith(
  [command = '', ...args]: readonly string[],
  damaged: number,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const { stdout, stderr } = await run(command, args, { signal })
    return { isClean: true, report: `${stdout}${stderr}`.trim() }
  } catch (error) {
    if (!(error instanceof CommandError) || ((error.exitCode ?? 0) & damaged) === 0) throw error
    return { isClean: false, report: `${error.stdout}${error.stderr}`.trim() }
  }
}
