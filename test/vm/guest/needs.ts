import { spawnSync } from 'node:child_process'
import { describe, it } from '@jest/globals'
import { readAttribute } from '../../../src/linux/loop/device.ts'

/** What a machine must have for a test. */
export interface Need {
  /** As the rest of a sentence that begins with "needs". */
  readonly what: string
  /** What the machine has instead; undefined when it has it. */
  readonly missing: () => string | undefined
}

/** A parameter of a module, which is set on the kernel's command line (`loop.max_loop=0`). */
export function moduleParameter(module: string, name: string, value: string): Need {
  const path = `/sys/module/${module}/parameters/${name}`
  return {
    what: `a kernel that was started with ${module}.${name}=${value}`,
    missing: () => {
      // A module that is used for the first time is loaded then.
      spawnSync('modprobe', [module])
      const found = readAttribute(path)
      return found === value ? undefined : `${path} has ${found}`
    },
  }
}

export function program(name: string): Need {
  return {
    what: `the program ${name}`,
    missing: () => (spawnSync(name, ['--version']).error ? `there is no ${name}` : undefined),
  }
}

/**
 * Tests for a machine that has all of this. Elsewhere they fail, and say what is missing: a test that nobody
 * can run is noticed so.
 */
export function describeGuest(name: string, needs: readonly Need[], tests: () => void): void {
  const unmet = needs.filter(({ missing }) => missing() !== undefined)
  describe(name, unmet.length === 0 ? tests : failFor(unmet))
}

function failFor(unmet: readonly Need[]): () => void {
  return () => {
    it.each(unmet)('needs $what', ({ what, missing }) => {
      throw new Error(`${missing() ?? ''}; this test needs ${what}`)
    })
  }
}
