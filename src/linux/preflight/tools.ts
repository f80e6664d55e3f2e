import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { debianPackages } from '../debian-packages.ts'
import { toolDirectories } from '../exec.ts'

/** Those of the tools that are not installed where the driver looks for them. */
export async function missingTools(tools: readonly string[]): Promise<string[]> {
  const installed = await Promise.all(tools.map(isInstalled))
  return tools.filter((_, index) => !installed[index])
}

/** `mkfs.xfs is not installed: install the Debian package xfsprogs`, for one or more tools. */
export function sayMissing(tools: readonly string[]): string {
  const packages = [...new Set(tools.map((tool) => debianPackages.get(tool) ?? tool))]
  return `${tools.join(' and ')} ${tools.length > 1 ? 'are' : 'is'} not installed: install the Debian package ${packages.join(' and ')}`
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
