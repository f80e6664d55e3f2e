import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import type { VolumeCapabilityInit } from '../../src/csi/generated/csi/v1/VolumeCapability.ts'
import type { TestHost } from './host.ts'
import { mountCapability } from './volume.ts'

interface Wishes {
  readonly attributes?: Record<string, string>
  readonly capability?: VolumeCapabilityInit | null
  readonly readonly?: boolean
}

/**
 * A volume that a pod declares inline: plays the kubelet, with its name for the volume and what it adds to
 * the attributes.
 */
export class PodVolume implements AsyncDisposable {
  /**
   * As the kubelet makes it: from the pod and the name of the volume in it (makeVolumeHandle in
   * pkg/volume/csi).
   */
  readonly id: string
  readonly target: string
  readonly #node: TestHost
  readonly #name: string
  readonly #wishes: Wishes

  constructor(node: TestHost, name: string, wishes: Wishes = {}) {
    this.id = `csi-${createHash('sha256').update(`${node.id}${name}`).digest('hex')}`
    this.target = join(node.path, name, 'mount')
    this.#node = node
    this.#name = name
    this.#wishes = wishes
  }

  async publish(change: Wishes = {}): Promise<this> {
    const {
      attributes = {},
      capability = mountCapability(),
      readonly = false,
    } = { ...this.#wishes, ...change }
    await this.#node.directory(this.#name)
    await this.#node.client.node.nodePublishVolume({
      volumeId: this.id,
      targetPath: this.target,
      volumeCapability: capability,
      readonly,
      volumeContext: {
        'csi.storage.k8s.io/ephemeral': 'true',
        'csi.storage.k8s.io/pod.name': 'web-0',
        'csi.storage.k8s.io/pod.namespace': 'default',
        'csi.storage.k8s.io/pod.uid': '5a1d0e5c',
        'csi.storage.k8s.io/serviceAccount.name': 'default',
        ...attributes,
      },
    })
    return this
  }

  async unpublish(): Promise<void> {
    await this.#node.client.node.nodeUnpublishVolume({ volumeId: this.id, targetPath: this.target })
  }

  /** Whether the target is a mount point. */
  async isMounted(): Promise<boolean> {
    return (await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${this.target} `)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unpublish()
  }
}
