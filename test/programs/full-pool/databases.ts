import { setTimeout } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { messageOf } from '../../../src/volumes/model/errors.ts'
import { at } from '../../support/at.ts'
import { GiB } from '../../support/volume.ts'
import { checkFileSystems } from '../copies/copy.ts'
import { PostgreSql } from '../postgresql/postgresql.ts'
import { Sqlite } from '../sqlite/sqlite.ts'
import type { Database } from '../support/database.ts'
import { sum } from '../support/ledger.ts'
import { Pod } from '../support/pod.ts'
import { until } from '../support/until.ts'
import type { World } from '../support/world.ts'
import { Ballast } from './ballast.ts'
import type { Outcome } from './findings.ts'
import type { Round } from './plan.ts'

/** Together more than the disk has, so that the volumes cannot all be filled. */
const VOLUME_BYTES = 2 * GiB

/** What a transaction takes, so that the disk is full soon. */
const PAYLOAD_BYTES = 32 << 10

/** Transactions of each client, before the disk is filled and after there is room. */
const PAUSE = 5

/** How a call may end on a full disk. */
const answers: readonly unknown[] = [status.RESOURCE_EXHAUSTED, status.ABORTED, status.UNAVAILABLE]

/** Databases under load, with volumes on a disk that can be filled. Disposing makes room, and ends them. */
export class DatabasesOnDisk implements AsyncDisposable {
  readonly #world: World
  readonly #round: Round
  readonly #pods: readonly Pod[]
  readonly #ballast: Ballast
  readonly #resources: AsyncDisposableStack

  private constructor(
    world: World,
    round: Round,
    pods: readonly Pod[],
    ballast: Ballast,
    resources: AsyncDisposableStack,
  ) {
    this.#world = world
    this.#round = round
    this.#pods = pods
    this.#ballast = ballast
    this.#resources = resources
  }

  /** @param disk where it is mounted @param pool the name of the pool on it */
  static async open(world: World, disk: string, pool: string, round: Round): Promise<DatabasesOnDisk> {
    await using undo = new AsyncDisposableStack()
    const pods: Pod[] = []
    for (const database of await databasesOf(world, round)) {
      const options = { name: database.kind, fsType: round.fsType, pool }
      const pod = undo.use(await Pod.create(world, database, options))
      await pod.start()
      await pod.advance(PAUSE)
      pods.push(pod)
    }
    // Removed first: the programs on a full disk may wait, and do not end before there is room.
    const ballast = undo.use(new Ballast(disk))
    return new DatabasesOnDisk(world, round, pods, ballast, undo.move())
  }

  /**
   * Another program takes space until so much is free, in bytes; the databases take more. Waits until they
   * wait, or have been told of it.
   */
  async fill(leftBytes: number): Promise<void> {
    const { signal } = this.#world
    await this.#ballast.leave(leftBytes, signal)
    const isTold = () => this.#pods.some(({ load }) => load.refusals.length > 0 || load.lost !== undefined)
    await until(this.#round.whenFull === 'freeze' ? () => this.#isFull() : isTold, signal)
  }

  /** Lets something happen on the full disk, and time pass. */
  async disrupt(): Promise<void> {
    const { disruption, holdMs } = this.#round
    if (disruption === 'the driver is killed') await this.#world.driver.kill()
    if (disruption === 'a snapshot is asked for') await this.#tryToSnapshot()
    await setTimeout(holdMs, undefined, { signal: this.#world.signal })
  }

  async makeRoom(): Promise<void> {
    await this.#ballast.remove()
    await until(async () => !(await this.#isFull()), this.#world.signal)
  }

  /**
   * Waits until each database takes transactions again. One that does not by itself is restarted.
   * @param onError what one was told
   * @returns what it was for each
   */
  async goOn(onError: (error: string) => unknown): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const pod of this.#pods) {
      const { load } = pod
      const goesOn = await this.#goesOn(pod)
      for (const error of load.refusals) onError(error)
      if (load.lost !== undefined) onError(load.lost)
      outcomes.push(!goesOn ? 'restarted' : load.refusals.length > 0 ? 'refused' : 'waited')
      if (!goesOn) await pod.move('kill')
      await pod.advance(PAUSE)
    }
    return outcomes
  }

  /**
   * Ends the databases and checks them, and their file systems.
   * @returns how many transactions there are
   * @throws Error when one is corrupt, or has lost a transaction
   */
  async check(): Promise<number> {
    let transactions = 0
    for (const pod of this.#pods) await pod.end('stop')
    for (const pod of this.#pods) {
      transactions += sum(await pod.inspect())
      await checkFileSystems(pod.volumes)
    }
    return transactions
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync()
  }

  /** Where writes fail, pods are to be restarted in any case: file systems may have become read-only. */
  async #goesOn(pod: Pod): Promise<boolean> {
    if (this.#round.whenFull === 'fail') return pod.load.refusals.length === 0 && pod.load.lost === undefined
    return pod.advance(PAUSE).then(
      () => true,
      (error: unknown) => {
        this.#world.signal.throwIfAborted()
        if (pod.load.lost === undefined && pod.load.refusals.length === 0) throw error
        return false
      },
    )
  }

  async #isFull(): Promise<boolean> {
    const { backendHealth } = await this.#world.host.client.node.nodeGetStorageHealth({})
    return backendHealth.some(({ reason }) => reason === 'PoolFull')
  }

  /** It succeeds, or is refused for want of space. Overwriting blocks that it shares takes new ones. */
  async #tryToSnapshot(): Promise<void> {
    const sourceVolumeId = at(at(this.#pods, 0).volumes.volumes, 0).id
    const { controller } = this.#world.driver.client
    const { host } = this.#world
    try {
      const { snapshot } = await controller.createSnapshot({ name: 'of-a-full-disk', sourceVolumeId })
      const snapshotId = snapshot?.snapshotId ?? ''
      this.#resources.defer(async () => {
        await host.client.controller.deleteSnapshot({ snapshotId })
      })
    } catch (error) {
      if (!answers.includes((error as { readonly code?: unknown }).code))
        throw new Error(`a snapshot on a full disk: ${messageOf(error)}`, { cause: error })
    }
  }
}

async function databasesOf({ path }: World, { layout, journalMode }: Round): Promise<readonly Database[]> {
  const options = { payloadBytes: PAYLOAD_BYTES, volumeBytes: VOLUME_BYTES }
  return [
    await PostgreSql.find({ layout, directory: path, ...options }),
    new Sqlite({ journalMode, ...options }),
  ]
}
