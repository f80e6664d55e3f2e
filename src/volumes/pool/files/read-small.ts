import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { turn } from '../gate/gate.ts'

/** What the driver writes is shorter by far. */
const LONGEST_BYTES = 1 << 20

/**
 * Reads a file that the driver has written. What somebody else has put in its place is not followed (a
 * symbolic link), not waited for (a FIFO), and not read (anything that is large, or is no UTF-8).
 * @throws Error saying what is wrong with it
 */
export function readSmall(path: string): Promise<string> {
  return turn(() => readOnce(path))
}

async function readOnce(path: string): Promise<string> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const stat = await file.stat()
  if (!stat.isFile()) throw new Error(`${path} is no regular file`)
  if (stat.size > LONGEST_BYTES)
    throw new Error(`${path} has ${stat.size} bytes, more than any that is whole`)
  return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile())
}
