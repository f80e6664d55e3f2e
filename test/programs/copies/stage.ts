import { MiB } from '../../support/volume.ts'
import { PostgreSql } from '../postgresql/postgresql.ts'
import { Sqlite } from '../sqlite/sqlite.ts'
import type { Database, Kind } from '../support/database.ts'
import { Fio } from '../support/fio.ts'
import { Pod, PodVolumes } from '../support/pod.ts'
import type { World } from '../support/world.ts'
import { checkFileSystems } from './copy.ts'
import type { Episode } from './plan.ts'

const PAYLOAD_BYTES = 400

/** Enough for each of the file systems. */
const VOLUME_BYTES = 448 * MiB

/** The databases of an episode under load, and fio. Disposing ends them, and deletes their volumes. */
export class Stage implements AsyncDisposable {
  readonly world: World
  readonly episode: Episode
  readonly pods: Readonly<Record<Kind, Pod>>
  readonly fio: Fio
  readonly fioVolumes: PodVolumes
  readonly #resources: AsyncDisposableStack

  private constructor(
    parts: Pick<Stage, 'world' | 'episode' | 'pods' | 'fio' | 'fioVolumes'>,
    resources: AsyncDisposableStack,
  ) {
    this.world = parts.world
    this.episode = parts.episode
    this.pods = parts.pods
    this.fio = parts.fio
    this.fioVolumes = parts.fioVolumes
    this.#resources = resources
  }

  /** @returns when all databases take transactions, and fio has written each block of its file */
  static async open(world: World, episode: Episode): Promise<Stage> {
    await using undo = new AsyncDisposableStack()
    const { fsType, pool } = episode
    const optionsOf = (part: string) => ({ name: nameIn(episode, part), fsType, pool })
    const pod = async (database: Database): Promise<Pod> => {
      const made = undo.use(await Pod.create(world, database, optionsOf(database.kind)))
      await made.start()
      return made
    }
    const { postgresql, sqlite } = await databasesOf(world, episode)
    const pods = { postgresql: await pod(postgresql), sqlite: await pod(sqlite) }
    const fioVolumes = undo.use(new PodVolumes(world, optionsOf('fio'), [VOLUME_BYTES]))
    await fioVolumes.create()
    const [directory = ''] = await fioVolumes.mount()
    const fio = undo.use(new Fio(directory))
    await fio.advance(1, world.signal)
    return new Stage({ world, episode, pods, fio, fioVolumes }, undo.move())
  }

  /** Waits until each client of each database has done so many more transactions. */
  async advance(transactions: number): Promise<void> {
    for (const pod of Object.values(this.pods)) await pod.advance(transactions)
  }

  /**
   * Ends all, and checks the databases and file systems themselves.
   * @throws Error for anything that is lost or damaged, and when a database has refused a transaction
   */
  async finish(): Promise<void> {
    await this.fio.end()
    await this.fioVolumes.unmount()
    await checkFileSystems(this.fioVolumes)
    for (const pod of Object.values(this.pods)) {
      const { refusals } = pod.load
      if (refusals.length > 0) throw new Error(`${pod.database.kind} has refused: ${refusals.join('; ')}`)
      await pod.end('stop')
      await pod.inspect()
      await checkFileSystems(pod.volumes)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync()
  }
}

/** @returns a name that is unique in the run */
export function nameIn({ number }: Episode, part: string): string {
  return `episode-${number}-${part}`
}

async function databasesOf(
  { path }: World,
  { layout, journalMode }: Episode,
): Promise<Record<Kind, Database>> {
  const options = { payloadBytes: PAYLOAD_BYTES, volumeBytes: VOLUME_BYTES }
  return {
    postgresql: await PostgreSql.find({ layout, directory: path, ...options }),
    sqlite: new Sqlite({ journalMode, ...options }),
  }
}
