import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { backingFile } from '../../src/linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { LinuxMounts } from '../../src/linux/mount/mounts.ts'
import { hasErrno } from '../../src/volumes/model/errors.ts'
import { inParallel } from './in-parallel.ts'

/** Below koffi's limit of 256 calls. Removing a loop device waits 50 ms for nothing but a grace period. */
const AT_ONCE = 64

/**
 * A directory for everything that a run makes. Its disposal removes whatever still exists, also after a
 * failure: mounts, loop devices, files, and the device numbers that the kernel made and would keep.
 */
export class Workspace implements AsyncDisposable {
  readonly #path: string
  readonly #numbersBefore: ReadonlySet<number>

  private constructor(path: string, numbersBefore: ReadonlySet<number>) {
    this.#path = path
    this.#numbersBefore = numbersBefore
  }

  /** @param purpose a part of the directory's name */
  static async open(parent: string, purpose: string): Promise<Workspace> {
    const numbers = await loopNumbers()
    return new Workspace(await mkdtemp(join(parent, `csi-driver-loop-${purpose}-`)), new Set(numbers))
  }

  async directory(name: string): Promise<string> {
    const path = join(this.#path, name)
    await mkdir(path)
    return path
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using control = await LoopControl.open()
    await unmountAllUnder(this.#path)
    await detachAllUnder(this.#path, control)
    await rm(this.#path, { recursive: true, force: true })
    const made = (await loopNumbers()).filter((number) => !this.#numbersBefore.has(number))
    await inParallel(made, AT_ONCE, (number) => removeUnlessUsed(control, number))
  }
}

async function unmountAllUnder(directory: string): Promise<void> {
  const mounts = new LinuxMounts()
  const targets = (await mounts.list()).map(({ target }) => target).filter((path) => isUnder(path, directory))
  await inParallel(targets, AT_ONCE, (target) => mounts.unmount(target))
}

/**
 * Most have gone with their mounts. Those of others are not even looked at: they may be broken, and then they
 * answer with an error.
 */
async function detachAllUnder(directory: string, control: LoopControl): Promise<void> {
  const loops = new LinuxLoopDevices(control)
  for (const number of await loopNumbers()) {
    const image = backingFile(number)
    if (image !== undefined && isUnder(image, directory)) {
      await loops.detachDevice(number, new AbortController().signal)
    }
  }
}

/** What another process has taken meanwhile is left alone. */
async function removeUnlessUsed(control: LoopControl, number: number): Promise<void> {
  await control.remove(number).catch((error: unknown) => {
    if (!hasErrno(error, 'EBUSY', 'ENODEV')) throw error
  })
}

async function loopNumbers(): Promise<number[]> {
  const names = await readdir('/sys/block')
  return names.flatMap((name) => /^loop(\d+)$/.exec(name)?.[1] ?? []).map(Number)
}

function isUnder(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`)
}
