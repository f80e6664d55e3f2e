import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Where a CO shows a volume: it makes the staging path, and of the target path only the parent (CSI's rules).
 */
export interface VolumePaths {
  readonly staging: string
  readonly target: string
}

export async function makeVolumePaths(directory: string, name: string): Promise<VolumePaths> {
  const base = join(directory, name)
  const staging = join(base, 'staging')
  await mkdir(staging, { recursive: true })
  return { staging, target: join(base, 'target') }
}
