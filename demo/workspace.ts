import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { LoopControl } from '../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../src/linux/loop/loop-devices.ts'
import { LinuxMounts } from '../src/linux/mount/mounts.ts'
import { IMAGE } from '../src/volumes/pool/records/draft.ts'

/** The temporary directory of the demo. */
export class Workspace {
  readonly directory: string
  /** The driver's --data-dir. */
  readonly data: string
  readonly socket: string

  private constructor(directory: string) {
    this.directory = directory
    this.data = join(directory, 'data')
    this.socket = join(directory, 'csi.sock')
  }

  static async make(): Promise<Workspace> {
    // The kernel lists mounts by their real paths.
    const directory = await realpath(await mkdtemp(join(tmpdir(), 'csi-driver-loop-demo-')))
    const workspace = new Workspace(directory)
    await mkdir(workspace.data)
    return workspace
  }

  /** A unique name for the node, which identifies everything that the demo creates. */
  get nodeId(): string {
    return basename(this.directory)
  }

  /** Creates a directory that Kubernetes would create. */
  async makeDirectory(...names: string[]): Promise<string> {
    const path = join(this.directory, ...names)
    await mkdir(path, { recursive: true })
    return path
  }

  /** A path relative to the directory. */
  short(path: string): string {
    return relative(this.directory, path)
  }

  /** The images of the volumes. */
  async images(): Promise<string[]> {
    const entries = await readdir(this.data, { recursive: true })
    return entries.filter((path) => basename(path) === IMAGE).map((path) => join(this.data, path))
  }

  /**
   * Removes everything that the driver has not removed: mounts (the last first, because one can be on
   * another), devices of the demo's files, and the files.
   */
  async clear(): Promise<void> {
    const mounts = new LinuxMounts()
    const inside = (await mounts.list()).filter(({ target }) => target.startsWith(`${this.directory}/`))
    for (const { target } of inside.reverse()) await mounts.unmount(target)
    await using control = await LoopControl.open()
    const loops = new LinuxLoopDevices(control)
    for (const image of await this.images()) await loops.detach(image, AbortSignal.timeout(DETACH_MS))
    await rm(this.directory, { recursive: true })
  }
}

const DETACH_MS = 5000
