import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { LoopControl } from '../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../src/linux/loop/loop-devices.ts'
import { LinuxMounts } from '../src/linux/mount/mounts.ts'
import { IMAGE } from '../src/volumes/pool/records/draft.ts'

/**
 * The temporary directory in which all of the demo happens, and that it leaves as if it had never been there.
 */
export class Workspace {
  readonly directory: string
  /** Where the driver keeps its volumes. */
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

  /** The name of the node that the demo plays: like no other, so that what belongs to it can be told. */
  get nodeId(): string {
    return basename(this.directory)
  }

  /** Makes a directory, where Kubernetes would make one. */
  async makeDirectory(...names: string[]): Promise<string> {
    const path = join(this.directory, ...names)
    await mkdir(path, { recursive: true })
    return path
  }

  /** How a path in the directory is shown. */
  short(path: string): string {
    return relative(this.directory, path)
  }

  /** The files behind the volumes. */
  async images(): Promise<string[]> {
    const entries = await readdir(this.data, { recursive: true })
    return entries.filter((path) => basename(path) === IMAGE).map((path) => join(this.data, path))
  }

  /**
   * Removes everything, whatever the driver has not got round to: mounts (the last first, as one can lie on
   * another), devices (only those of the demo's own files), and then the files.
   */
  async clear(): Promise<void> {
    const mounts = new LinuxMounts()
    const inside = (await mounts.list()).filter(({ target }) => target.startsWith(`${this.directory}/`))
    for (const { target } of inside.reverse()) await mounts.unmount(target)
    await using control = await LoopControl.open()
    const loops = new LinuxLoopDevices(control)
    for (const image of await this.images())
      await loops.detach(image, AbortSignal.timeout(DETACH_PATIENCE_MS))
    await rm(this.directory, { recursive: true })
  }
}

const DETACH_PATIENCE_MS = 5000
