import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { LoopControl } from '../src/linux/loop/control.ts'
import { formatBytes } from '../src/volumes/model/bytes.ts'
import { messageOf } from '../src/volumes/model/errors.ts'

/** More than the demo's volumes can take on the disk together. */
const NEEDED_BYTES = 512n << 20n

/** Why the demo cannot run here and what to do about it, in one sentence; undefined when it can. */
export async function findObstacle(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) {
    return 'The demo uses loop devices and mounts, which only root may: run it as root, for example "sudo npm run demo".'
  }
  try {
    await using _control = await LoopControl.open()
  } catch (error) {
    return `The demo cannot run here: ${messageOf(error)}`
  }
  const { bavail, bsize } = await statfs(tmpdir(), { bigint: true })
  if (bavail * bsize >= NEEDED_BYTES) return undefined
  return `The demo needs ${formatBytes(NEEDED_BYTES)} in ${tmpdir()}, which has ${formatBytes(bavail * bsize)}: set TMPDIR to a directory with more.`
}
