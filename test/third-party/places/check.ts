import type { TestResult } from '../outcomes.ts'
import { runConfined } from '../run-confined.ts'
import { asOneTest } from '../tool.ts'
import { fileSystems, type FileSystemKind } from './kinds.ts'
import type { Place } from './place.ts'

const LIMIT_MS = 10 * 60_000

/** Whether an unmounted file system is sound, by the tool of its own project. */
export async function checkFileSystem(
  name: string,
  kind: FileSystemKind,
  { directory, scratch, image }: Place,
  signal: AbortSignal,
): Promise<TestResult> {
  const command = [...fileSystems[kind].check, image]
  const ended = await runConfined({ command, directory, scratch, limitMs: LIMIT_MS }, signal)
  const [result] = asOneTest(name, ended)
  return result ?? { name, outcome: 'failed' }
}
