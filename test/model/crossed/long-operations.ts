import { join } from 'node:path'
import { Command, type CommandEnd } from './command.ts'
import type { LongOperation } from './crossing.ts'
import { OK, type Outcome } from './outcome.ts'
import type { Scene } from './scene.ts'
import type { Signalled, SnapshotName, VolumeName } from './subject.ts'

/** Records that are there before the operation. */
export const FIRST_RECORDS = 2

const commands: readonly LongOperation[] = ['export', 'check', 'trim']

/** Those of the command line, in a process of their own. */
export function isCommand(operation: LongOperation): boolean {
  return commands.includes(operation)
}

/** The operation that is held open: what it needs, and how it is called. */
export class Operator {
  readonly #scene: Scene
  #command: Command | undefined

  constructor(scene: Scene) {
    this.#scene = scene
  }

  get operation(): LongOperation {
    return this.#scene.crossing.operation
  }

  /** Makes the volumes that the operation is about, with content, in use or not. */
  async prepare(): Promise<void> {
    const { crossing, sources, subject, writes } = this.#scene
    const parameters = this.operation === 'makeThin' ? { provisioning: 'thick' } : {}
    for (const name of sources) {
      await subject.create(name, subject.bytes, parameters)
      await subject.stage(name)
      await subject.publish(name)
    }
    const isAboutB = crossing.besides.some((beside) => 'volume' in beside && beside.volume === 'b')
    if (isAboutB && !sources.includes('b')) await subject.create('b')
    await writes.prepare()
    await writes.write(FIRST_RECORDS)
    if (this.operation === 'restore') {
      await subject.snapshot('origin', 'a')
      this.#scene.snapshots.set(subject.snapshotId('origin'), { low: FIRST_RECORDS, high: FIRST_RECORDS })
      await writes.write(1)
    }
    if (this.#isUsed) return
    for (const name of sources) {
      await subject.unpublish(name)
      await subject.unstage(name)
    }
    if (this.operation === 'grow') await subject.expand('a')
  }

  /** Whether the sources are in use when it begins; some operations leave no choice. */
  get #isUsed(): boolean {
    const { isUsed, kind } = this.#scene.crossing
    if (this.operation === 'export' || this.operation === 'check') return false
    if (this.operation === 'trim') return true
    return this.operation === 'grow' ? kind !== 'ext4' : isUsed
  }

  async perform(options: Signalled = {}): Promise<Outcome> {
    const { crossing, subject, writes } = this.#scene
    switch (this.operation) {
      case 'snapshot':
        await this.snapshot('long', 'a', options)
        return OK
      case 'clone': {
        const bounds = (this.#scene.copy ??= writes.begin())
        await subject.clone('copy', 'a', await this.#bytesOfClone(), options)
        writes.end(bounds)
        return OK
      }
      case 'group': {
        const members = (['a', 'b'] as const).map((name) => this.#scene.boundsOf(subject.memberId(name)))
        await subject.group(options)
        for (const member of members) writes.end(member)
        return OK
      }
      case 'restore':
        this.#scene.copy = { low: FIRST_RECORDS, high: FIRST_RECORDS }
        await subject.restore('copy', subject.snapshotId('origin'), subject.bytes, options)
        return OK
      case 'export':
        this.#scene.exported = writes.begin()
        return await this.#run('--output', this.exportedImage)
      case 'check':
      case 'trim':
        return await this.#run()
      case 'makeThick':
        await subject.modify('a', { provisioning: 'thick' }, options)
        return OK
      case 'makeThin':
        await subject.modify('a', { provisioning: 'thin' }, options)
        return OK
      case 'grow':
        // The kernel lets few sandboxes grow a mounted ext4; it is grown at its next stage.
        if (crossing.kind === 'ext4') await subject.stage('a', options)
        else await subject.nodeExpand('a', options)
        return OK
    }
  }

  async snapshot(name: SnapshotName, source: VolumeName, options?: Signalled): Promise<void> {
    const { subject, writes } = this.#scene
    const bounds = this.#scene.boundsOf(subject.snapshotId(name))
    await subject.snapshot(name, source, options)
    writes.end(bounds)
  }

  get exportedImage(): string {
    return join(this.#scene.world.node.path, 'exported.img')
  }

  /** Of a command line's process. */
  killCommand(): void {
    this.#command?.kill()
  }

  /**
   * Whether the same call must succeed in the end; else what it is about is gone, or in another use than it
   * needs.
   */
  get canBeRepeated(): boolean {
    const { crossing, doomed, isIntact } = this.#scene
    if (this.operation === 'restore') return !doomed.has('origin')
    if (this.operation === 'grow') return isIntact && crossing.kind === 'ext4'
    return isIntact && ['snapshot', 'clone', 'group'].includes(this.operation)
  }

  /** What the clone has already, else what it needs now: its source may have grown. */
  async #bytesOfClone(): Promise<number> {
    const { isIntact, subject } = this.#scene
    if (!isIntact) return subject.bytes
    const volumes = await subject.volumes()
    return volumes.get(subject.volumeId('copy')) ?? volumes.get(subject.volumeId('a')) ?? subject.bytes
  }

  async #run(...more: string[]): Promise<Outcome> {
    const { subject, world } = this.#scene
    const options = ['--data-dir', world.node.dataDir, '--config', world.configuration]
    const args = ['volume', this.operation, subject.volumeId('a'), ...more, ...options]
    this.#command = new Command(world.commandSteps.within, args)
    return outcomeOfCommand(await this.#command.ended)
  }
}

function outcomeOfCommand({ code, stdout, stderr }: CommandEnd): Outcome {
  if (code === 0) return OK
  const details = `${stdout} ${stderr}`.trim()
  if (code === null) return { code: 'UNAVAILABLE', details: 'killed' }
  const isRefusal =
    /\bin use|is attached to|not mounted|there is no volume|does not exist|was deleted|is missing|raw block volume/.test(
      details,
    )
  return { code: isRefusal ? 'FAILED_PRECONDITION' : 'INTERNAL', details }
}
