import { rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { autocleared, devicesOf, mountsOf } from '../../support/leftovers.ts'
import { tool } from '../../tool.ts'
import type { Operator } from './long-operations.ts'
import { fsck } from './fsck.ts'
import type { Outcome } from './outcome.ts'
import { countRecords } from './records.ts'
import type { Scene } from './scene.ts'
import type { VolumeName } from './subject.ts'

const volumeNames = ['a', 'b', 'copy'] as const
const snapshotNames = ['long', 'beside', 'origin'] as const

/** Looks at what there is when all is over, with its content, and takes it away as a CO does. */
export class Judge {
  readonly #scene: Scene
  readonly #operator: Operator

  constructor(scene: Scene, operator: Operator) {
    this.#scene = scene
    this.#operator = operator
  }

  /** @throws while something of the sources is frozen; it is not any more then */
  async requireThawed(): Promise<void> {
    const { world } = this.#scene
    const frozen = await world.thaw()
    if (frozen.length > 0) throw new Error(`left frozen: ${frozen.join(', ')}`)
    const unmounted = await world.thawUnmounted()
    if (unmounted.length > 0)
      throw new Error(`left frozen, and mounted nowhere any more: ${unmounted.join(', ')}`)
  }

  /** Ends the use of all volumes, and checks the sources. */
  async judgeSources(): Promise<void> {
    const { sources, subject, withoutImage, world, writes } = this.#scene
    for (const name of volumeNames) await this.#scene.release(name)
    await autocleared(world.node.path)
    // Lists fail while there is one.
    for (const name of withoutImage) await this.#deleteDamaged(name)
    const volumes = await subject.volumes()
    for (const name of sources) {
      if (withoutImage.has(name)) continue
      if (volumes.has(subject.volumeId(name))) writes.require(name, await this.#countIn(name), writes.now)
      else if (!this.#scene.doomed.has(name)) throw new Error(`${name} is not there any more`)
    }
  }

  /**
   * Looks at every copy that there is.
   * @param outcome of the operation: what was acknowledged must be there
   */
  async judgeCopies(outcome: Outcome): Promise<void> {
    const { copy, subject, withoutImage, writes } = this.#scene
    const [volumes, snapshots] = [await subject.volumes(), await subject.snapshots()]
    if (outcome.code === 'OK') this.#requireMade([...volumes.keys(), ...snapshots.keys()])
    for (const [id, bytes] of snapshots) await this.#judgeSnapshot(id, bytes)
    if (copy && volumes.has(subject.volumeId('copy')) && !withoutImage.has('copy'))
      writes.require('copy', await this.#countIn('copy'), copy)
    if (this.#operator.operation === 'export' && outcome.code === 'OK') await this.#judgeExport()
  }

  /** As the CO ends all of it. @throws when something is left */
  async takeAway(): Promise<void> {
    const { subject, world } = this.#scene
    for (const name of volumeNames) {
      await this.#scene.release(name)
      await this.#scene.must(`delete ${name}`, subject.delete(name))
    }
    if (this.#operator.operation === 'group') await subject.deleteGroup()
    for (const name of snapshotNames) await subject.deleteSnapshot(name)
    await rm(this.#operator.exportedImage, { force: true })
    const { path } = world.node
    await autocleared(path)
    const devices = await devicesOf(path)
    const mounts = await mountsOf(path, devices)
    const left = [
      ...devices.keys(),
      ...mounts.map(({ target }) => target),
      ...(await this.#files()),
      ...(await subject.volumes()).keys(),
      ...(await subject.snapshots()).keys(),
    ]
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`)
  }

  /**
   * Without descriptors a driver cannot remove what it has begun to make; it does so when it makes that
   * again, or at its next start.
   */
  async #files(): Promise<string[]> {
    const { crossing, subject } = this.#scene
    const files = await subject.files()
    if (!crossing.besides.some(({ call }) => call === 'noDescriptors')) return files
    for (const name of files.filter(isDraft)) await subject.removeDraft(name)
    return files.filter((name) => !isDraft(name))
  }

  /** A driver that finds it so at its start deletes nothing of it: a person has to. */
  async #deleteDamaged(name: VolumeName): Promise<void> {
    const { crossing, subject } = this.#scene
    if (crossing.end === 'kill') await rm(dirname(subject.image(name)), { recursive: true, force: true })
    await this.#scene.must(`delete ${name}`, subject.delete(name))
  }

  #requireMade(ids: readonly string[]): void {
    const { doomed, subject, withoutImage } = this.#scene
    const missing = (id: string): boolean => !ids.includes(id)
    const { operation } = this.#operator
    const isMissing =
      operation === 'snapshot'
        ? missing(subject.snapshotId('long')) && !doomed.has('long')
        : operation === 'group'
          ? missing(subject.memberId('a')) || missing(subject.memberId('b'))
          : ['clone', 'restore'].includes(operation) &&
            missing(subject.volumeId('copy')) &&
            !doomed.has('copy') &&
            !withoutImage.has('copy')
    if (isMissing) throw new Error(`${operation} was acknowledged, and nothing is there`)
  }

  async #judgeSnapshot(id: string, bytes: number): Promise<void> {
    const { subject, writes } = this.#scene
    const image = subject.snapshotImage(id)
    const { size } = await stat(image)
    if (size !== bytes)
      throw new Error(`snapshot ${id} is said to have ${bytes} bytes, its image has ${size}`)
    writes.require(`snapshot ${id}`, await this.#countInSnapshot(id, image, bytes), this.#scene.boundsOf(id))
  }

  /** A file system is checked in a volume that is restored from it. */
  async #countInSnapshot(id: string, image: string, bytes: number): Promise<number> {
    const { subject } = this.#scene
    if (subject.isBlock) return await countRecords({ path: image, isBlock: true })
    await subject.restore('restored', id, bytes)
    const count = await this.#countIn('restored')
    await subject.delete('restored')
    return count
  }

  async #judgeExport(): Promise<void> {
    const { crossing, exported, subject, world, writes } = this.#scene
    if (!exported) return
    const image = this.#operator.exportedImage
    if (subject.isBlock) {
      writes.require('the export', await countRecords({ path: image, isBlock: true }), exported)
      return
    }
    const place = await world.node.directory('exported')
    await this.#requireSound(image)
    await tool('mount', '-o', crossing.kind === 'xfs' ? 'loop,nouuid' : 'loop', image, place)
    try {
      writes.require('the export', await countRecords({ path: place, isBlock: false }), exported)
    } finally {
      await tool('umount', place)
    }
  }

  /**
   * The records of a volume that is not staged, as a pod finds them, in a file system that is sound before
   * and after.
   */
  async #countIn(name: VolumeName): Promise<number> {
    const { crossing, subject, world } = this.#scene
    if (subject.isBlock) return await countRecords({ path: subject.image(name), isBlock: true })
    // The log of an xfs may be dirty, and is replayed by the mount.
    if (crossing.kind !== 'xfs') await this.#requireSound(subject.image(name))
    await this.#scene.must(`stage ${name}`, subject.stage(name))
    const count = await countRecords({ path: subject.staging(name), isBlock: false })
    await this.#scene.unstage(name)
    await autocleared(world.node.path)
    if (crossing.kind === 'xfs') await this.#requireSound(subject.image(name))
    return count
  }

  async #requireSound(image: string): Promise<void> {
    const { kind } = this.#scene.crossing
    if (kind !== 'block') await fsck[kind](image)
  }
}

function isDraft(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.new')
}
