import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Architecture } from './architectures.ts'
import type { Images } from './guest.ts'
import { kernelImages } from './images/kernel.ts'
import { programsImage } from './images/programs.ts'
import { rootImage } from './images/root.ts'
import { workingTreeImage } from './images/working-tree.ts'
import type { KernelName } from './kernels.ts'

/** The images of guests: those in the cache, and one of the working tree, which disposing removes. */
export class ImageSet implements AsyncDisposable {
  readonly #directory: string
  readonly #tree: string
  readonly #refresh: boolean

  private constructor(directory: string, tree: string, refresh: boolean) {
    this.#directory = directory
    this.#tree = tree
    this.#refresh = refresh
  }

  /** @param refresh whether what is in the cache is made again, of the newest packages */
  static async make(refresh = false): Promise<ImageSet> {
    const directory = await mkdtemp('/var/tmp/csi-driver-loop-tree-')
    try {
      return new ImageSet(directory, await workingTreeImage(directory), refresh)
    } catch (error) {
      await rm(directory, { recursive: true, force: true })
      throw error
    }
  }

  async of(kernel: KernelName, architecture: Architecture): Promise<Images> {
    return {
      architecture,
      kernel: await kernelImages(kernel, architecture, this.#refresh),
      root: await rootImage(architecture, this.#refresh),
      programs: await programsImage(architecture, this.#refresh),
      tree: this.#tree,
    }
  }

  /** A directory for disks of guests, which goes with the images. */
  diskPath(name: string): string {
    return join(this.#directory, name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }
}
