import type { VolumeContentSourceInit } from '../../../src/csi/generated/csi/v1/VolumeContentSource.ts'
import { at } from '../../support/at.ts'
import { checks } from '../../support/check-filesystem.ts'
import { TestGroup, TestSnapshot } from '../../support/snapshot.ts'
import { PodVolumes } from '../support/pod.ts'
import type { World } from '../support/world.ts'
import type { CopyKind } from './plan.ts'

interface CopyOptions {
  readonly source: PodVolumes
  readonly kind: CopyKind
  /** Unique. */
  readonly name: string
}

/** The content of volumes in use at one point in time. Disposing deletes it. */
export class Copy implements AsyncDisposable {
  readonly volumes: PodVolumes
  readonly #resources: AsyncDisposableStack

  private constructor(volumes: PodVolumes, resources: AsyncDisposableStack) {
    this.volumes = volumes
    this.#resources = resources
  }

  /** Makes it, of volumes that are in use. @param onTaken called when its content is certain */
  static async make(world: World, options: CopyOptions, onTaken: () => void): Promise<Copy> {
    await using undo = new AsyncDisposableStack()
    const sources = await sourcesOf(world, options, undo)
    if (options.kind !== 'clone') onTaken()
    const { options: others, sizes } = options.source
    const volumes = undo.use(new PodVolumes(world, { ...others, name: options.name }, sizes, sources))
    await volumes.create()
    if (options.kind === 'clone') onTaken()
    return new Copy(volumes, undo.move())
  }

  /** Mounts it, uses it, unmounts it, and then checks its file systems by their own programs. */
  async use<T>(action: (directories: readonly string[]) => Promise<T>): Promise<T> {
    const result = await action(await this.volumes.mount())
    await this.volumes.unmount()
    await checkFileSystems(this.volumes)
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync()
  }
}

/** @throws Error for a file system that is damaged; the volumes must not be mounted */
export async function checkFileSystems({ images, options }: PodVolumes): Promise<void> {
  for (const image of images) await checks[options.fsType](image)
}

/** What the volumes of a copy are made of: the volumes, or snapshots that are made for it. */
async function sourcesOf(
  { host }: World,
  { source: { volumes }, kind, name }: CopyOptions,
  undo: AsyncDisposableStack,
): Promise<VolumeContentSourceInit[]> {
  switch (kind) {
    case 'clone':
      return volumes.map((volume) => volume.asSource)
    case 'snapshot': {
      const snapshot = undo.use(new TestSnapshot(host, `${name}-snapshot`, at(volumes, 0)))
      return [(await snapshot.create()).asSource]
    }
    case 'group': {
      const group = await undo.use(new TestGroup(host, `${name}-group`, volumes)).create()
      return group.snapshots.map(({ snapshotId = '' }) => ({ snapshot: { snapshotId }, type: 'snapshot' }))
    }
  }
}
