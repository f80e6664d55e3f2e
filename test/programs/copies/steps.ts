import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Kind } from '../support/database.ts'
import { verifyCopy } from '../support/fio.ts'
import { difference, sum, type Numbers } from '../support/ledger.ts'
import { backUpAndRestore } from '../support/restic.ts'
import { Copy } from './copy.ts'
import type { CopyFindings } from './findings.ts'
import type { Meanwhile, Step } from './plan.ts'
import { nameIn, type Stage } from './stage.ts'

/** Most copies take longer. */
const MEANWHILE_WITHIN_MS = 300

/** The steps of an episode. */
export class Steps {
  readonly #stage: Stage
  readonly #findings: CopyFindings
  readonly #random: () => number
  #hasBackup = false

  constructor(stage: Stage, findings: CopyFindings, random: () => number) {
    this.#stage = stage
    this.#findings = findings
    this.#random = random
  }

  /** @param index unique in the episode */
  async take(step: Step, index: number): Promise<void> {
    const { world, pods, fioVolumes } = this.#stage
    switch (step.do) {
      case 'copy':
        await this.#copy(step, index)
        break
      case 'copy fio':
        await this.#copyFio(step.kind, index)
        break
      case 'move':
        await pods[step.of].move(step.how)
        this.#findings.happened('moves')
        break
      case 'expand':
        await (step.of === 'fio' ? fioVolumes : pods[step.of].volumes).expand()
        this.#findings.happened('expansions')
        break
      case 'kill':
        await world.driver.kill()
        this.#findings.happened('kills')
        break
    }
  }

  /** A copy of a database that is written has all that was acknowledged before it was asked for. */
  async #copy({ of, kind, meanwhile }: Extract<Step, { do: 'copy' }>, index: number): Promise<void> {
    const { world, episode, pods } = this.#stage
    const { database, ledger, volumes: source } = pods[of]
    const name = nameIn(episode, `${index}`)
    let atMost: Numbers = []
    const atLeast = ledger.acknowledged()
    const making = Copy.make(world, { source, kind, name }, () => (atMost = ledger.begun()))
    const outcomes = await Promise.allSettled([making, this.#meanwhile(meanwhile, of, index)])
    await using copy = outcomes[0].status === 'fulfilled' ? outcomes[0].value : undefined
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    const found = await copy?.use(async (directories) => {
      if (of === episode.backedUp) await this.#backUp(directories, name)
      return database.inspect(directories)
    })
    const wrong = difference(found ?? [], atLeast, atMost)
    if (wrong !== undefined) throw new Error(wrong)
    this.#findings.copied(database, kind, episode, sum(found ?? []))
  }

  async #meanwhile(what: Meanwhile, of: Kind, index: number): Promise<void> {
    if (what === 'nothing') return
    await setTimeout(this.#random() * MEANWHILE_WITHIN_MS)
    const steps: Record<typeof what, Step> = {
      kill: { do: 'kill' },
      expand: { do: 'expand', of },
      move: { do: 'move', of, how: 'kill' },
    }
    await this.take(steps[what], index)
  }

  async #copyFio(kind: 'snapshot' | 'clone', index: number): Promise<void> {
    const { world, episode, fioVolumes } = this.#stage
    const options = { source: fioVolumes, kind, name: nameIn(episode, `${index}`) }
    await using copy = await Copy.make(world, options, () => undefined)
    await copy.use(([directory = '']) => verifyCopy(directory))
    this.#findings.happened('fioCopies')
  }

  /** Once in an episode. */
  async #backUp(directories: readonly string[], name: string): Promise<void> {
    if (this.#hasBackup) return
    this.#hasBackup = true
    for (const directory of directories)
      await backUpAndRestore(directory, join(this.#stage.world.path, `${name}-backup`))
    this.#findings.happened('backups')
  }
}
