import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Runs a tool of the machine, as a witness that shares no code with what is tested. */
export async function tool(command: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C' }
  return (await execute(command, args, { env })).stdout.trim()
}
