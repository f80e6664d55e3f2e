import { mkdir, open, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { run } from '../../src/linux/process/exec.ts'
import { LinuxImageFiles } from '../../src/linux/images/image-files.ts'
import { LinuxMounts } from '../../src/linux/mount/mounts.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { tool } from '../tool.ts'

const TIMES = 300
const SPAWNERS = 3

/** Until it runs its program, a child has copies of all descriptors of its parent. */
describeRoot('while other commands are starting', () => {
  let scratch: Scratch
  let stop: AbortController
  let spawners: Promise<void>[]

  beforeEach(async () => {
    scratch = await Scratch.make()
    stop = new AbortController()
    spawners = Array.from({ length: SPAWNERS }, async () => {
      while (!stop.signal.aborted) await run('true', [], { signal: new AbortController().signal })
    })
  })

  afterEach(async () => {
    stop.abort()
    await Promise.all(spawners)
    await scratch[Symbol.asyncDispose]()
  })

  it('a released lock is free', async () => {
    const files = new LinuxImageFiles()
    const image = join(scratch.path, 'image')
    await writeFile(image, '')
    await truncate(image, 1 << 20)
    for (let time = 0; time < TIMES; time++) {
      await using lock = await files.lock(image)
      expect(lock).toBeDefined()
    }
  })

  it('a mount on which nothing is open any more can be unmounted', async () => {
    const mounts = new LinuxMounts()
    const target = join(scratch.path, 'mount')
    await mkdir(target)
    for (let time = 0; time < TIMES; time++) {
      await tool('mount', '-t', 'tmpfs', 'none', target)
      const file = await open(join(target, 'file'), 'w')
      await file.close()
      await mounts.unmount(target)
    }
  })
})
