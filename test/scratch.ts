import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, realpath, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Runs a tool of the machine, as a witness that shares no code with what is tested. */
export async function tool(command: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C' }
  return (await execute(command, args, { env })).stdout.trim()
}

/** Lets go of a mount whatever is done with it. One that is frozen would stay, with all who wait for it, for ever. */
export async function takeAway(target: string): Promise<void> {
  await tool('fsfreeze', '--unfreeze', target).catch(() => undefined)
  await tool('umount', '--lazy', target)
}

/** A directory, and devices and mounts that go with it, whatever a failed test left of them. */
export class Scratch implements AsyncDisposable {
  readonly path: string
  readonly #devices = new Map<string, string>()

  private constructor(path: string) {
    this.path = path
  }

  static async make(): Promise<Scratch> {
    return new Scratch(await realpath(await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))))
  }

  async directory(name: string): Promise<string> {
    const path = join(this.path, name)
    await mkdir(path, { recursive: true })
    return path
  }

  /** A loop device on a new sparse image of this size. */
  async device(sizeBytes: bigint): Promise<string> {
    const image = join(this.path, `image-${this.#devices.size}`)
    await writeFile(image, '')
    await truncate(image, Number(sizeBytes))
    return this.attach(image)
  }

  async attach(image: string): Promise<string> {
    const device = await tool('losetup', '--find', '--show', image)
    this.#devices.set(device, image)
    return device
  }

  imageOf(device: string): string {
    return this.#devices.get(device) ?? ''
  }

  /** Makes the device's image, and the device, larger. */
  async enlarge(device: string, sizeBytes: bigint): Promise<void> {
    await truncate(this.imageOf(device), Number(sizeBytes))
    await tool('losetup', '--set-capacity', device)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const table = await readFile('/proc/self/mountinfo', 'utf8')
    const targets = table.split('\n').map((line) => unescapeOctal(line.split(' ')[4] ?? ''))
    const ours = targets.filter((target) => target.startsWith(`${this.path}/`))
    for (const target of ours.reverse()) await takeAway(target)
    for (const device of this.#devices.keys()) await tool('losetup', '--detach', device)
    await rm(this.path, { recursive: true })
  }
}

function unescapeOctal(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
