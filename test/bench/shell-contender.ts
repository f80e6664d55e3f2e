import { join } from 'node:path'
import { run } from '../../src/linux/process/exec.ts'
import type { Contender, Life } from './contender.ts'
import { makeVolumePaths, type VolumePaths } from './volume-paths.ts'

/** The flags of src/linux/filesystems/ext4.ts, so that the driver wins nothing by another file system. */
const mkfs =
  'mkfs.ext4 -q -m 0 -b 4096 -E nodiscard,lazy_itable_init=1,lazy_journal_init=1,assume_storage_prezeroed=1,resize=268435456'

const attach = 'device=$(losetup --direct-io=on --find --show "$1"); '

/** The same steps as the commands that an administrator or a script would use, one `sh -c` for each step. */
export class ShellContender implements Contender {
  readonly name = 'shell'
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async begin(name: string, sizeBytes: bigint): Promise<Life> {
    const paths = await makeVolumePaths(this.#directory, name)
    return new ShellLife(join(this.#directory, `${name}.volume`), paths, sizeBytes)
  }
}

class ShellLife implements Life {
  readonly #volume: string
  readonly #image: string
  readonly #paths: VolumePaths
  readonly #sizeBytes: bigint
  #device = ''

  constructor(volume: string, paths: VolumePaths, sizeBytes: bigint) {
    this.#volume = volume
    this.#image = join(volume, 'disk.img')
    this.#paths = paths
    this.#sizeBytes = sizeBytes
  }

  async create(): Promise<void> {
    await sh('mkdir "$1"; truncate --size "$2" "$3"', this.#volume, `${this.#sizeBytes}`, this.#image)
  }

  async stage(): Promise<void> {
    const script = `${attach} blkid -p "$device" || [ $? = 2 ]; ${mkfs} "$device"; mount "$device" "$2"; echo "$device"`
    this.#device = await sh(script, this.#image, this.#paths.staging)
  }

  async stageRepeated(): Promise<void> {
    await sh('mountpoint -q "$1"', this.#paths.staging)
  }

  async publish(): Promise<void> {
    await sh('mkdir "$2"; mount --bind "$1" "$2"', this.#paths.staging, this.#paths.target)
  }

  async unpublish(): Promise<void> {
    await sh('umount "$1"; rmdir "$1"', this.#paths.target)
  }

  async unstage(): Promise<void> {
    await sh('umount "$1"; losetup --detach "$2"', this.#paths.staging, this.#device)
  }

  async stageFormatted(): Promise<void> {
    const script = `${attach} blkid -p "$device" >&2; e2fsck -p "$device" >&2; mount "$device" "$2"; echo "$device"`
    this.#device = await sh(script, this.#image, this.#paths.staging)
  }

  async delete(): Promise<void> {
    await sh('rm -r "$1"', this.#volume)
  }
}

/**
 * Runs a script that ends at its first failure. A script is never interrupted: what it did half could not be
 * undone.
 * @returns what it printed
 */
export async function sh(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('sh', ['-ec', script, 'sh', ...args], { signal: new AbortController().signal })
  return stdout.trim()
}
