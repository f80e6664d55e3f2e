import { readdir, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kindNames, propertiesOf } from '../../model/kinds.ts'
import type { VolumeName } from '../../model/operations.ts'
import { fsck } from '../../model/crossed/fsck.ts'
import { commandLine } from '../../support/command-line.ts'
import { TestNode } from '../../support/driver.ts'
import { eventually } from '../../support/eventually.ts'
import { volumeIdFor } from '../../../src/volumes/model/ids.ts'
import type { VolumeView } from '../../../src/cli/volume/view.ts'
import { tool } from '../../tool.ts'
import type { Orders } from './messages.ts'

/** The same in each guest: ids follow from it. */
const DIRECTORY = '/disk/loop-guest'
const IMAGE_SIZE = '6Gi'

/** A driver in a guest, with its data directory on the disk whose power is cut. */
export class GuestNode {
  readonly node: TestNode
  readonly #inPoolImage: boolean

  private constructor(node: TestNode, inPoolImage: boolean) {
    this.node = node
    this.#inPoolImage = inPoolImage
  }

  /** Mounts the disk, whose file system replays its journal. */
  static async open({ inPoolImage }: Orders): Promise<GuestNode> {
    const node = await TestNode.at(DIRECTORY)
    await mkdir(node.dataDir, { recursive: true })
    await tool('mount', process.env['VM_DISK'] ?? '', node.dataDir)
    const own = new GuestNode(node, inPoolImage)
    const image = inPoolImage ? { image: { size: IMAGE_SIZE } } : {}
    await writeFile(own.#config, JSON.stringify({ pools: { default: { overcommit: 10, ...image } } }))
    return own
  }

  async start(): Promise<void> {
    await this.node.start({ args: ['--config', this.#config] })
  }

  async stop(): Promise<void> {
    const { code } = await this.node.driver.end('SIGTERM')
    if (code !== 0) throw new Error(`the driver ended with ${code}`)
    await tool('umount', this.node.dataDir)
  }

  /** @throws Error naming what a crash has left that the driver has not removed */
  async requireNothingLeft(): Promise<void> {
    await eventually('nothing that was half made or deleted is left', async () => {
      const names = await Promise.all(
        ['volumes', 'snapshots'].map((folder) => readdir(join(this.#pool, folder))),
      )
      const left = names.flat().filter((name) => name.startsWith('.'))
      if (left.length > 0) throw new Error(`left: ${left.join(', ')}`)
    })
    const markers = await tool('find', this.#pool, '-name', 'frozen')
    if (markers !== '') throw new Error(`freeze markers are left: ${markers}`)
  }

  /** @throws Error unless everything that was used is detached and unmounted */
  async requireNothingInUse(): Promise<void> {
    const { devices, mounts } = await this.node.left()
    const own = this.#inPoolImage ? 1 : 0
    const others = mounts.filter(
      (line) => !line.startsWith(`${this.node.dataDir} `) && !line.startsWith(this.#mounts),
    )
    if (devices.length !== own || others.length > 0)
      throw new Error(`still in use: ${[...devices, ...others].join('; ')}`)
  }

  /** @throws Error with the errors that doctor finds */
  async requireHealthy(): Promise<void> {
    const { stdout, stderr } = await this.#command('doctor', '--endpoint', `unix://${this.node.socket}`)
    const { findings } = JSON.parse(stdout === '' ? '{}' : stdout) as { findings?: Finding[] }
    if (!findings) throw new Error(`doctor has failed: ${stderr}`)
    const errors = findings.filter(({ severity }) => severity === 'error')
    if (errors.length > 0) throw new Error(`doctor: ${JSON.stringify(errors)}`)
  }

  /** The volumes as the command line shows them. @throws Error for a thick one that lacks blocks */
  async volumes(): Promise<VolumeView[]> {
    const { code, stdout, stderr } = await this.#command('volume', 'ls')
    if (code !== 0) throw new Error(`volume ls: ${stderr}`)
    const volumes = JSON.parse(stdout) as VolumeView[]
    for (const { allocatedBytes, capacityBytes, id, provisioning } of volumes)
      if (provisioning === 'thick' && allocatedBytes < capacityBytes)
        throw new Error(
          `${id} is thick, but only ${allocatedBytes} of its ${capacityBytes} bytes are allocated`,
        )
    return volumes
  }

  /** @returns the names of thick ones */
  thickNames(volumes: readonly VolumeView[]): ReadonlySet<VolumeName> {
    const thick = new Set(volumes.filter(({ provisioning }) => provisioning === 'thick').map(({ id }) => id))
    const names = kindNames.flatMap((kind): VolumeName[] => [`${kind}-a`, `${kind}-b`, `${kind}-c`])
    return new Set(names.filter((name) => thick.has(volumeIdFor(this.node.id, name))))
  }

  /** Of volumes that are not staged. @throws Error of the check of a file system */
  async requireSound(volumes: readonly VolumeView[]): Promise<void> {
    for (const { fsType, image } of volumes) {
      const checked = kindNames.map((kind) => propertiesOf(kind).fsType).find((type) => type === fsType)
      // One that was never staged has no file system.
      if (checked && (await tool('blkid', '-p', image).catch(() => '')) !== '') await fsck[checked](image)
    }
  }

  async #command(...words: string[]) {
    return await commandLine([...words, '--json', '--config', this.#config, '--data-dir', this.node.dataDir])
  }

  get #config(): string {
    return join(this.node.path, 'config.yaml')
  }

  get #mounts(): string {
    return join(this.node.dataDir, 'mounts')
  }

  get #pool(): string {
    return this.#inPoolImage ? join(this.#mounts, 'default') : join(this.node.dataDir, 'pools/default')
  }
}

interface Finding {
  readonly severity: string
}
