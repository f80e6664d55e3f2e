import { open } from 'node:fs/promises'
import { hasErrno } from '../../src/volumes/model/errors.ts'

const BLOCK_BYTES = 4096

/**
 * Writes a file until the disk under it is full to the last block: those that were just freed are there only
 * after a while.
 */
export async function writeUntilFull(path: string): Promise<void> {
  await using file = await open(path, 'w')
  for (const bytes of [1 << 20, BLOCK_BYTES])
    for (let failures = 0; failures < 3; failures++) {
      try {
        for (;;) {
          await file.write(Buffer.alloc(bytes, 'x'))
          failures = 0
        }
      } catch (error) {
        if (!hasErrno(error, 'ENOSPC')) throw error
      }
      await file.sync()
    }
}
