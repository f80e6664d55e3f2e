import { copyFile, link, readFile, readdir, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { nodeHash, volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { describeRoot } from '../../root.ts'
import { commandLine, type CommandResult, type CommandWishes } from '../../support/command-line.ts'
import { TestNode } from '../../support/driver.ts'
import { allocated, expectEqual, fill, makeSparse } from '../../support/images.ts'
import { Steps } from '../../support/seam/steps.ts'
import { TestSnapshot } from '../../support/snapshot.ts'
import { useTestNodePerTest } from '../../support/use-test-node.ts'
import { MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

/** By default mkfs makes small ones with smaller blocks, or those of the disk that it is on. */
const sectors: Readonly<Record<string, string[]>> = { ext4: ['-b', '4096'], xfs: ['-s', 'size=4096'] }

describeRoot('images that become volumes', () => {
  let node: TestNode
  useTestNodePerTest((started) => (node = started))

  const run = (args: readonly string[], wishes?: CommandWishes): Promise<CommandResult> =>
    commandLine([...args, '--data-dir', node.dataDir, '--endpoint', `unix://${node.socket}`], wishes)

  const refused = async (args: readonly string[], why: RegExp): Promise<void> => {
    const { code, stderr } = await run(args)
    expect(stderr).toMatch(why)
    expect(code).toBe(1)
  }

  /** An image with a file system and a note in it. */
  const makeImage = async (fsType = 'ext4', bytes = 32 * MiB): Promise<string> => {
    const image = join(node.path, 'source.img')
    await makeSparse(image, bytes)
    await tool(`mkfs.${fsType}`, '-q', ...(sectors[fsType] ?? []), image)
    const directory = await node.directory('source')
    await tool('mount', '-o', 'loop', image, directory)
    await writeFile(join(directory, 'note'), 'kept')
    await tool('umount', directory)
    return image
  }

  /** The volume of this name, as a CO uses it that has its id. */
  const staged = async (name: string, id: string, capability = mountCapability()): Promise<TestVolume> => {
    const volume = new TestVolume(node, name, { capability })
    volume.id = id
    await node.directory(name, 'globalmount')
    await volume.stage()
    return volume
  }

  describe('import', () => {
    it.each([
      ['ext4', 32],
      ['xfs', 320],
      ['btrfs', 256],
    ])('makes a volume of an image with an %s, as large as it', async (fsType, size) => {
      const image = await makeImage(fsType, size * MiB)
      const { code, stdout, stderr } = await run(['volume', 'import', image, '--name', 'db'])
      expect([code, stderr]).toEqual([0, ''])
      const id = stdout.trim()
      expect(id).toBe(volumeIdFor(node.id, 'db'))
      const { volume } = await node.client.controller.controllerGetVolume({ volumeId: id })
      expect(volume?.capacityBytes).toBe(`${size * MiB}`)
      await using restored = await staged('db', id, mountCapability(fsType))
      expect(await readFile(join(restored.staging, 'note'), 'utf8')).toBe('kept')
      expect(await allocated(restored.image)).toBeLessThan((size * MiB) / 2)
      // Beside the one that it was copied of.
      await tool('mount', '-o', `loop${fsType === 'xfs' ? ',nouuid' : ''}`, image, join(node.path, 'source'))
      await tool('umount', join(node.path, 'source'))
    })

    it('creates a larger, thick one, whose file system grows when it is staged', async () => {
      const image = await makeImage('xfs', 320 * MiB)
      const wishes = ['--size', '400Mi', '--provisioning', 'thick']
      const { stdout } = await run(['volume', 'import', image, '--name', 'db', ...wishes, '--json'])
      const { id, capacityBytes } = JSON.parse(stdout) as { id: string; capacityBytes: number }
      expect(capacityBytes).toBe(400 * MiB)
      await using volume = await staged('db', id, mountCapability('xfs'))
      expect(await allocated(volume.image)).toBeGreaterThanOrEqual(400 * MiB)
      const kibibytes = await tool('df', '--output=size', volume.staging)
      expect(Number(kibibytes.split('\n')[1])).toBeGreaterThan(330 * 1024)
    })

    it('reads standard input, with holes where there are zeros', async () => {
      const image = await makeImage()
      const args = ['volume', 'import', '-', '--name', 'db', '--size', '32Mi', '--fs-type', 'ext4']
      const { code, stdout } = await run(args, { stdin: image })
      expect(code).toBe(0)
      const volume = new TestVolume(node, 'db')
      volume.id = stdout.trim()
      await expectEqual(image, volume.image)
      expect(await allocated(volume.image)).toBeLessThanOrEqual((await allocated(image)) + MiB)
      await volume.delete()
    })

    it('reads the file that a symbolic link leads to', async () => {
      const image = await makeImage()
      const link = join(node.path, 'link.img')
      await symlink(image, link)
      const { stdout } = await run(['volume', 'import', link, '--name', 'db'])
      await using volume = await staged('db', stdout.trim(), mountCapability())
      expect(await readFile(join(volume.staging, 'note'), 'utf8')).toBe('kept')
    })

    it('creates a raw block volume from any content', async () => {
      const image = join(node.path, 'any.img')
      await makeSparse(image, 5 * MiB + 100)
      await fill(image, 5 * MiB, 100, 7)
      await refused(['volume', 'import', image, '--name', 'raw'], /contains nothing, .*--block/)
      const { stdout } = await run(['volume', 'import', image, '--name', 'raw', '--block'])
      await using raw = await staged('raw', stdout.trim(), blockCapability())
      expect((await stat(raw.image)).size).toBe(5 * MiB + 4096)
      const [device = ''] = await raw.devices()
      await tool('cmp', '--bytes', `${5 * MiB + 100}`, image, device)
    })

    it.each<[string, (image: string) => Promise<readonly string[]>, RegExp]>([
      ['another file system', () => Promise.resolve(['--fs-type', 'xfs']), /contains ext4, not xfs/],
      [
        'a file system of smaller blocks',
        async (image) => {
          await tool('mkfs.ext4', '-q', '-F', '-b', '1024', image)
          return []
        },
        /contains ext4, whose blocks of 1024 bytes are smaller than the sectors of a volume, 4096/,
      ],
      ['less room', () => Promise.resolve(['--size', '16Mi']), /--size is 16 MiB, and .* has 32 MiB/],
      ['a pool that there is not', () => Promise.resolve(['--pool', 'fast']), /pool "fast" does not exist/],
      ['more than there is', () => Promise.resolve(['--size', '900Ti']), /RESOURCE_EXHAUSTED/],
      [
        'an image that is attached',
        async (image) => {
          await tool('losetup', '--find', image)
          return []
        },
        /is in use \(attached to \/dev\/loop/,
      ],
    ])('makes nothing of %s', async (_, wish, why) => {
      const image = await makeImage()
      await refused(['volume', 'import', image, '--name', 'db', ...(await wish(image))], why)
      await tool('sh', '-c', `losetup --associated ${image} | cut -d: -f1 | xargs -r losetup --detach`)
      expect(await node.files()).toEqual([])
    })

    it('never overwrites a volume that was used or is in use', async () => {
      const image = await makeImage()
      await using volume = await new TestVolume(node, 'db').create()
      await volume.stage()
      await refused(
        ['volume', 'import', image, '--name', 'db'],
        /is in use \(another process has its image locked/,
      )
      await volume.unstage()
      await refused(['volume', 'import', image, '--name', 'db'], /of the name "db" exists, and was used/)
    })

    it('continues after it was killed, and keeps nothing unfinished', async () => {
      const image = await makeImage()
      const fifo = join(node.path, 'fifo')
      await tool('mkfifo', fifo)
      const args = ['volume', 'import', '-', '--name', 'db', '--size', '32Mi', '--fs-type', 'ext4']
      const id = volumeIdFor(node.id, 'db')
      const directory = join(node.dataDir, 'pools', 'default', 'volumes', id)
      // Half of it comes, then nothing, and then the end.
      const script = `(head -c ${16 * MiB} ${image}; exec sleep 60) >${fifo} 2>/dev/null & feeder=$!
        "$@" <${fifo} & importer=$!
        until [ -e ${directory}/.disk.img.new ]; do sleep 0.1; done
        kill -KILL $importer $feeder; wait $importer`
      const { code } = await run(args, { within: ['sh', '-c', script, 'sh'] })
      expect(code).not.toBe(0)
      expect((await readdir(directory)).sort()).toEqual(['.disk.img.new', 'disk.img', 'volume.json'])
      expect(await allocated(join(directory, 'disk.img'))).toBe(0)
      expect((await run(args, { stdin: image })).code).toBe(0)
      expect((await readdir(directory)).sort()).toEqual(['disk.img', 'volume.json'])
      await using volume = await staged('db', id)
      expect(await readFile(join(volume.staging, 'note'), 'utf8')).toBe('kept')
    })

    it('needs a driver', async () => {
      const image = await makeImage()
      const wishes = ['--data-dir', node.dataDir, '--endpoint', `unix://${node.path}/none.sock`]
      const { code, stderr } = await commandLine(['volume', 'import', image, '--name', 'db', ...wishes])
      expect([code, stderr]).toEqual([1, expect.stringMatching(/no driver answers at unix:.*none\.sock/)])
    })
  })

  describe('adopt', () => {
    /** A driver of another name that has ended, with one volume that was used. */
    const orphaned = async (dataDir: string, capability = mountCapability()): Promise<string> => {
      await using old = await TestNode.make()
      const other = ['--data-dir', dataDir]
      await old.start({ args: other })
      const parameters = {
        'csi.storage.k8s.io/pvc/namespace': 'shop',
        'csi.storage.k8s.io/pvc/name': 'db',
        ...{ discard: 'online', mkfsOptions: '-L data' },
      }
      const volume = await new TestVolume(old, 'pvc-1', { capability, parameters }).create()
      await volume.stage()
      if (capability.mount) await writeFile(join(volume.staging, 'note'), 'kept')
      await volume.unstage()
      await old.stop()
      return join(dataDir, 'pools', 'default', 'volumes', volume.id)
    }

    it('adopts the volume of another node unchanged, and prints how to bind it', async () => {
      const directory = await orphaned(join(node.path, 'old'))
      const { ino } = await stat(join(directory, 'disk.img'))
      const { code, stdout, stderr } = await run(['volume', 'adopt', directory])
      expect([code, stderr]).toEqual([0, ''])
      const id = volumeIdFor(node.id, 'pvc-1')
      const [volume, claim] = parseAllDocuments(stdout).map((document) => document.toJS() as object)
      expect(volume).toMatchObject({
        kind: 'PersistentVolume',
        metadata: { name: 'pvc-1' },
        spec: {
          claimRef: { namespace: 'shop', name: 'db' },
          csi: { driver: 'loop.csi.local', volumeHandle: id, fsType: 'ext4' },
          persistentVolumeReclaimPolicy: 'Retain',
        },
      })
      expect(JSON.stringify(volume)).toContain(`"key":"topology.loop.csi.local/node","operator":"In"`)
      expect(claim).toMatchObject({
        kind: 'PersistentVolumeClaim',
        metadata: { namespace: 'shop', name: 'db' },
      })
      await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' })
      await using adopted = await staged('pvc-1', id)
      expect((await stat(adopted.image)).ino).toBe(ino)
      expect(await readFile(join(adopted.staging, 'note'), 'utf8')).toBe('kept')
      const record = JSON.parse(await readFile(join(adopted.directory, 'volume.json'), 'utf8')) as object
      expect(record).toMatchObject({
        ...{ id, name: 'pvc-1', discard: 'online', mkfsOptions: ['-L', 'data'] },
        labels: { 'pvc/name': 'db' },
      })
    })

    it('adopts one from its own pool after the node was renamed, and the driver drops the old one', async () => {
      await node.driver.end('SIGTERM')
      const directory = await orphaned(node.dataDir)
      await node.start()
      expect((await node.client.controller.listVolumes({})).entries).toHaveLength(1)
      expect((await run(['volume', 'adopt', directory])).code).toBe(0)
      const { entries } = await node.client.controller.listVolumes({})
      expect(entries.map(({ volume }) => volume?.volumeId)).toEqual([volumeIdFor(node.id, 'pvc-1')])
      expect((await node.files()).filter((name) => !name.startsWith('.'))).toHaveLength(1)
      await node.client.controller.deleteVolume({ volumeId: volumeIdFor(node.id, 'pvc-1') })
    })

    it('adopts an image without a record, also from another disk', async () => {
      const image = await makeImage()
      const disk = await node.directory('disk')
      await tool('mount', '-t', 'tmpfs', 'none', disk)
      await copyFile(image, join(disk, 'db.img'))
      const args = ['volume', 'adopt', join(disk, 'db.img')]
      await refused(args, /has no record beside it: give --name/)
      const { code, stdout } = await run([...args, '--name', 'db', '--claim', 'a/b'])
      expect([code, stdout]).toEqual([0, expect.stringMatching(/namespace: a\n/)])
      await expect(stat(join(disk, 'db.img'))).rejects.toMatchObject({ code: 'ENOENT' })
      await tool('umount', disk)
      await using volume = await staged('db', volumeIdFor(node.id, 'db'))
      expect(await readFile(join(volume.staging, 'note'), 'utf8')).toBe('kept')
    })

    it('leaves the image in place when it may not survive a crash', async () => {
      const image = await makeImage()
      const content = await readFile(image)
      const steps = new Steps(node, 'command')
      await steps.failAt('fsync pools/default/volumes/<id> 1', 'EIO')
      const { within } = steps
      const { code, stderr } = await run(['volume', 'adopt', image, '--name', 'db'], { within })
      expect([code, stderr]).toEqual([1, expect.stringMatching(/EIO/)])
      expect((await readFile(image)).equals(content)).toBe(true)
      expect(await node.files()).not.toContain(volumeIdFor(node.id, 'db'))
    })

    it.each<[string, () => Promise<string>, RegExp]>([
      [
        'a volume of this node',
        async () => (await new TestVolume(node, 'own').create()).directory,
        /belongs to volume ".*", which is already a volume of this node/,
      ],
      [
        'a snapshot',
        async () => {
          const volume = await new TestVolume(node, 'own').create()
          return (await new TestSnapshot(node, 'nightly', volume).create()).image
        },
        /belongs to a snapshot/,
      ],
      [
        'an image with another name',
        async () => {
          const image = await makeImage()
          await link(image, `${image}.2`)
          return image
        },
        /has 2 hard links/,
      ],
      [
        'an image with less than its record says',
        async () => {
          const directory = await orphaned(join(node.path, 'old'))
          await truncate(join(directory, 'disk.img'), 16 * MiB)
          return directory
        },
        /the image has 16777216 bytes, the record says 33554432/,
      ],
    ])('refuses %s', async (_, make, why) => {
      const path = await make()
      await refused(['volume', 'adopt', path, '--name', 'db'], why)
      await expect(stat(path)).resolves.toBeDefined()
      const left = (await node.files()).filter((name) => name === volumeIdFor(node.id, 'db'))
      expect(left).toEqual([])
      for (const { volume } of (await node.client.controller.listVolumes({})).entries)
        await node.client.controller.deleteVolume({ volumeId: volume?.volumeId ?? '' })
    })

    it('refuses the image of another driver, in use or not', async () => {
      await using other = await TestNode.start()
      await using volume = await new TestVolume(other, 'theirs').create()
      await refused(
        ['volume', 'adopt', volume.directory],
        /is the pool of another running driver; stop that driver first/,
      )
      await volume.stage()
      await other.driver.end('SIGKILL')
      // The kernel still has the image locked.
      await refused(['volume', 'adopt', volume.directory], /is in use \(attached to \/dev\/loop/)
      await other.start()
      expect(basename(volume.directory)).toMatch(new RegExp(`^${nodeHash(other.id)}-`))
    })

    it('refuses to take the place of a volume of this name', async () => {
      const directory = await orphaned(join(node.path, 'old'))
      await using own = await new TestVolume(node, 'pvc-1', {
        parameters: { discard: 'online', mkfsOptions: '-L data' },
      }).create()
      await own.stage()
      await own.unstage()
      await refused(['volume', 'adopt', directory], /exists, and was used/)
      expect(await readdir(directory)).toEqual(['disk.img', 'volume.json'])
    })
  })
})
