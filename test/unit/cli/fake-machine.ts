import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import type {
  BoundDevices,
  CheckedFileSystems,
  LoopControls,
  OperatorMachine,
} from '../../../src/cli/node/machine.ts'
import { makeProgram, runProgram } from '../../../src/cli/program.ts'
import type { LoopState } from '../../../src/volumes/model/ports/loop-devices.ts'
import type { World } from '../volumes/world.ts'

/** A machine of the world's fakes. What no command of the tests needs is missing. */
export function machineOf(world: World, verdict = { isClean: true, report: 'fine' }): OperatorMachine {
  const { copier, files, fileSystems, loops, mounts } = world
  const find = async (image: string): Promise<LoopState[]> => [(await loops.find(image)) ?? []].flat()
  const checked = new Proxy(fileSystems, {
    get(target, key) {
      if (key === 'verify') return () => Promise.resolve(verdict)
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value
    },
  }) as unknown as CheckedFileSystems
  const controls = {
    attach: loops.attach.bind(loops),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } as unknown as LoopControls
  const devices: BoundDevices = { all: () => [], of: find, unlinked: () => [] }
  return {
    ...{ files, copier, mounts, fileSystems: checked },
    openLoops: () => Promise.resolve(controls),
    listDevices: () => Promise.resolve(devices),
    lockHolder: () => Promise.resolve(undefined),
    examine: () => Promise.resolve([]),
  }
}

/** Runs csi-driver-loop in this process, with the pools of the world. */
export async function runCommand(
  world: World,
  words: readonly string[],
  machine = machineOf(world),
): Promise<{ code: number; stdout: string; stderr: string }> {
  const config = join(world.directory, 'config.yaml')
  const pools = [world.config, world.otherConfig].map(({ name, path }) => `  ${name}: {path: ${path}}\n`)
  await writeFile(config, `pools:\n${pools.join('')}`)
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const out = jest.spyOn(console, 'log').mockImplementation((text: string) => void stdout.push(text))
  const err = jest.spyOn(console, 'error').mockImplementation((text: string) => void stderr.push(text))
  try {
    const program = makeProgram(() => Promise.resolve(machine))
    const args = ['node', 'csi-driver-loop', ...words, '--config', config, '--data-dir', world.directory]
    const code = await runProgram(program, args)
    return { code, stdout: stdout.join('\n'), stderr: stderr.join('\n') }
  } finally {
    process.exitCode = undefined
    out.mockRestore()
    err.mockRestore()
  }
}
