import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { execPath } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ATTACH = fileURLToPath(new URL('attach.ts', import.meta.url))

/**
 * Starts one process for each list of files, then lets them attach these at once.
 * @param within a command to start them within
 * @returns what each of them printed: for each file, a device or an error message
 */
export async function raceToAttach(
  lists: readonly (readonly string[])[],
  within: readonly string[] = [],
): Promise<string[][]> {
  const racers = lists.map((files) => {
    const [command = '', ...args] = [...within, execPath, ATTACH, ...files]
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), exit: once(child, 'exit') }
  })
  for (const { lines } of racers) {
    const { value } = await lines.next()
    if (value !== 'ready') throw new Error(`a process that attaches files printed ${value}, not "ready"`)
  }
  for (const { child } of racers) child.stdin.write('go\n')
  return Promise.all(
    racers.map(async ({ lines, exit }) => {
      const { value } = (await lines.next()) as { value: string }
      await exit
      return JSON.parse(value) as string[]
    }),
  )
}
