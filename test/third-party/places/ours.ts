import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestHost } from '../../support/host.ts'
import { blockCapability, mountCapability, TestVolume } from '../../support/volume.ts'
import { VOLUME_BYTES, type Kind } from './kinds.ts'
import type { Origin, Place } from './place.ts'

/** Volumes of the driver, made, staged and published by the calls of a CO. */
export class Ours implements Origin {
  readonly name = 'ours'
  readonly #host: TestHost

  constructor(host: TestHost) {
    this.#host = host
  }

  async open(kind: Kind, name: string): Promise<Place> {
    const capability = kind === 'block' ? blockCapability() : mountCapability(kind)
    const scratch = join(this.#host.path, `${name}-scratch`)
    await using undo = new AsyncDisposableStack()
    await mkdir(scratch)
    undo.defer(() => rm(scratch, { recursive: true }))
    const volume = undo.use(
      await new TestVolume(this.#host, name, { capability, bytes: VOLUME_BYTES }).create(),
    )
    await volume.stage()
    const path = await volume.publish()
    const all = undo.move()
    return {
      path,
      directory: join(this.#host.path, name),
      scratch,
      image: volume.image,
      close: async () => {
        await volume.unpublish()
        await volume.unstage()
      },
      [Symbol.asyncDispose]: () => all.disposeAsync(),
    }
  }
}
