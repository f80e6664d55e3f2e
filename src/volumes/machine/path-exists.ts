import { stat } from 'node:fs/promises'
import { hasErrno } from '../model/errors.ts'

/** @throws what stat(2) fails with, except that nothing has the name */
export async function pathExists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
