import { open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { fsTypes } from '../../../src/volumes/model/ports/file-systems.ts'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { eventually } from '../../support/eventually.ts'
import { devicesOf } from '../../support/leftovers.ts'
import { Steps } from '../../support/seam/steps.ts'
import { TestSnapshot } from '../../support/snapshot.ts'
import { GiB, MiB, mountCapability, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

/** Where blocks are shared, all of the copy is made under the freeze, in one step. */
const disk = { type: 'xfs', bytes: 4 * GiB } as const
const COPYING = 'FICLONE 1'

describeRoot('a volume whose snapshot is being created', () => {
  describe.each(fsTypes)('%s', (fsType) => {
    let node: TestNode
    let steps: Steps
    let volume: TestVolume
    let file: FileHandle

    beforeEach(async () => {
      node = await TestNode.make(disk)
      steps = new Steps(node)
      await node.start({ within: steps.within })
      const wishes = { capability: mountCapability(fsType), bytes: 320 * MiB }
      volume = await new TestVolume(node, 'data', wishes).create()
      await volume.stage()
      file = await open(join(volume.staging, 'file'), 'w')
    })

    afterEach(async () => {
      await file.close()
      await node[Symbol.asyncDispose]()
    })

    /** Ends when the file system is not frozen. */
    const write = async (): Promise<string> => {
      await file.write('text')
      await file.sync()
      return 'written'
    }

    /**
     * Begins a snapshot, and has this done while the volume is frozen for it.
     * @returns whether it was made
     */
    async function whileFrozen(work: () => Promise<unknown>): Promise<string> {
      await steps.holdAt(COPYING)
      const outcome = new TestSnapshot(node, 's', volume).create().then(
        () => 'made',
        () => 'failed',
      )
      await steps.reached()
      await work()
      await steps.release()
      return await outcome
    }

    it('is thawed though it was unmounted lazily meanwhile', async () => {
      let written: Promise<string> | undefined
      const outcome = await whileFrozen(async () => {
        written = write()
        await tool('umount', '--lazy', volume.staging)
      })
      expect(outcome).toBe('made')
      expect(await written).toBe('written')
    })

    it('is thawed though the driver may open no more files', async () => {
      let written: Promise<string> | undefined
      const outcome = await whileFrozen(async () => {
        written = write()
        await tool('prlimit', '--pid', `${node.driver.pid}`, '--nofile=3:')
      })
      expect(outcome).toBe('failed')
      expect(await written).toBe('written')
    })

    it('is frozen, and not what is mounted over it', async () => {
      await tool('mount', '-t', 'tmpfs', 'over', volume.staging)
      let written: Promise<string> | undefined
      const outcome = await whileFrozen(async () => {
        await (await open(join(volume.staging, 'file'), 'w')).close()
        written = write()
        expect(await Promise.race([written, setTimeout(200, 'waiting')])).toBe('waiting')
      })
      expect(outcome).toBe('made')
      expect(await written).toBe('written')
    })

    it('is thawed by the next driver after a crash, although no path leads to it', async () => {
      let written: Promise<string> | undefined
      await whileFrozen(async () => {
        written = write()
        await tool('umount', '--lazy', volume.staging)
        await node.driver.end('SIGKILL')
      })
      await node.start()
      expect(await written).toBe('written')
      expect(node.driver.log.map(({ msg }) => msg)).toContain(
        'thawed what an interrupted operation left frozen',
      )
      await eventually('no word of the freeze is kept', async () => {
        expect(await readdir(join(node.dataDir, 'pools/default/snapshots'))).toEqual([])
      })
    })

    it('is thawed by the next driver even if it is no longer in use, so that its device is detached', async () => {
      await file.close()
      await whileFrozen(async () => {
        await tool('umount', '--lazy', volume.staging)
        await node.driver.end('SIGKILL')
      })
      await node.start()
      await eventually('the device is free', async () => {
        expect([...(await devicesOf(node.path)).values()]).not.toContain(volume.image)
      })
      await volume.stage()
      file = await open(join(volume.staging, 'file'), 'w')
      expect(await write()).toBe('written')
    })
  })

  it('is frozen where only a subvolume of it is staged', async () => {
    await using node = await TestNode.make(disk)
    const steps = new Steps(node)
    await node.start({ within: steps.within })
    const mounted = (mountFlags: string[]) => mountCapability('btrfs', { mountFlags })
    const volume = await new TestVolume(node, 'data', { capability: mounted([]), bytes: 256 * MiB }).create()
    await volume.stage()
    await tool('btrfs', 'subvolume', 'create', join(volume.staging, 'part'))
    await volume.unstage()
    await volume.stage(mounted(['subvol=part']))
    await steps.holdAt(COPYING)
    const snapshot = new TestSnapshot(node, 's', volume)
    const made = snapshot.create()
    made.catch(() => undefined)
    await steps.reached()
    const written = open(join(volume.staging, 'file'), 'w').then(async (file) => {
      await file.close()
      return 'written'
    })
    expect(await Promise.race([written, setTimeout(200, 'waiting')])).toBe('waiting')
    await steps.release()
    await made
    expect(await written).toBe('written')
  })
})
