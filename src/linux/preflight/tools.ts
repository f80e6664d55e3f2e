import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { debianPackages } from '../filesystems/types.ts'
import { toolDirectories } from '../process/exec.ts'

/** Those of the tools that are not installed where the driver looks for them. */
export async function missingTools(tools: readonly string[]): Promise<string[]> {
  const installed = await Promise.all(tools.map(isInstalled))
  return tools.filter((_, index) => !installed[index])
}

/** Why something cannot be had, and what to do about that. */
export interface Lack {
  readonly why: string
  readonly cure: string
}

/** For one or more tools. */
export function lackOf(tools: readonly string[]): Lack {
  const packages = [...new Set(tools.map((tool) => debianPackages.get(tool) ?? tool))]
  return {
    why: `${tools.join(' and ')} ${tools.length > 1 ? 'are' : 'is'} not installed`,
    cure: `install the Debian package ${packages.join(' and ')} (apt-get install ${packages.join(' ')})`,
  }
}

async function isInstalled(tool: string): Promise<boolean> {
  for (const directory of toolDirectories) {
    try {
      await access(join(directory, tool), constants.X_OK)
      return true
    } catch {
      // The next one.
    }
  }
  return false
}
