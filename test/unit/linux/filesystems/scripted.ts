import { mkdtempDisposable, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LinuxFileSystems } from '../../../../src/linux/filesystems/index.ts'
import type { OpenMountPoint } from '../../../../src/linux/mount/open-mount-point.ts'
import { VolumeError } from '../../../../src/volumes/model/errors.ts'
import { ScriptedCommands, type ScriptedCommand } from '../../../fakes/scripted-commands.ts'

export interface Scripted extends AsyncDisposable {
  readonly fileSystems: LinuxFileSystems
  readonly commands: ScriptedCommands
  /** A file that stands for a device. */
  readonly device: string
}

export const DEVICE_BYTES = 1n << 30n

/** Where no device is mounted; they are at all other paths. */
export const NOT_MOUNTED = '/unmounted'

/**
 * File systems whose tools are scripted.
 * @param commands with `<device>` for the device
 * @param start what the device begins with
 * @param capabilities what this process is said to have
 */
export async function scripted(
  commands: readonly ScriptedCommand[],
  start: Buffer = Buffer.alloc(0),
  ...capabilities: readonly bigint[]
): Promise<Scripted> {
  const directory = await mkdtempDisposable(join(tmpdir(), 'csi-driver-loop-'))
  const device = join(directory.path, 'device')
  await writeFile(device, start)
  await truncate(device, Number(DEVICE_BYTES))
  const onDevice = commands.map((command) => ({
    ...command,
    args: command.args.map((arg) => arg.replace('<device>', device)),
  }))
  const expected = new ScriptedCommands(...onDevice)
  const fileSystems = new LinuxFileSystems(undefined, {
    run: expected.run,
    hasCapability: (capability) => capabilities.includes(capability),
    deviceSize: () => DEVICE_BYTES,
    openMountPoint,
  })
  return {
    fileSystems,
    commands: expected,
    device,
    async [Symbol.asyncDispose]() {
      await directory.remove()
      expected[Symbol.dispose]()
    },
  }
}

function openMountPoint(device: string, path: string): Promise<OpenMountPoint> {
  if (path === NOT_MOUNTED)
    return Promise.reject(new VolumeError('aborted', `${device} is not mounted at ${path}`))
  return Promise.resolve({ path: `<open>${path}`, [Symbol.asyncDispose]: () => Promise.resolve() })
}
