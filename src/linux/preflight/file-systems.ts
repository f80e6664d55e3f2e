import { constants, readFileSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrno } from '../../volumes/model/errors.ts'
import { type FsType, fsTypes } from '../../volumes/model/ports.ts'
import { debianPackages, types } from '../filesystems/types.ts'
import { mount } from '../system-calls.ts'
import { toolDirectories } from '../process/exec.ts'

/** What cannot be had on this machine, and why. */
export async function unavailableFileSystems(): Promise<Map<FsType, Lack>> {
  const lacks = await Promise.all(fsTypes.map(async (type) => [type, await lackFor(type)] as const))
  return new Map(lacks.flatMap(([type, lack]) => (lack ? [[type, lack] as const] : [])))
}

async function lackFor(type: FsType): Promise<Lack | undefined> {
  const missing = await missingTools(types[type].tools)
  if (missing.length > 0) return lackOf(missing)
  if (await isKnownToKernel(type)) return undefined
  return {
    why: `the kernel of this machine has no ${type}`,
    cure: `modprobe ${type} (or a kernel that has it)`,
  }
}

/**
 * /proc/filesystems lists what is built in or loaded. What is not may be a module that the kernel loads at
 * the first mount, so it is asked for one that cannot succeed: ENODEV means that there is none, anything else
 * that only the device is missing.
 */
async function isKnownToKernel(type: FsType): Promise<boolean> {
  const listed = readFileSync('/proc/filesystems', 'latin1').split('\n')
  if (listed.some((line) => line.split('\t')[1] === type)) return true
  try {
    await mount('/dev/null/no-such-device', '/', type, 0, null)
    return true
  } catch (error) {
    return !hasErrno(error, 'ENODEV')
  }
}

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
