import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import type { CreateVolumeRequestInit } from '../../../src/csi/generated/csi/v1/CreateVolumeRequest.ts'
import type { VolumeCapabilityInit } from '../../../src/csi/generated/csi/v1/VolumeCapability.ts'
import { describeRoot } from '../../root.ts'
import type { TestNode } from '../../support/driver.ts'
import { refusal } from '../../support/refusal.ts'
import { useTestNode } from '../../support/use-test-node.ts'
import { GiB, MiB, TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'
import { tool } from '../../tool.ts'

type Code = keyof typeof status
type Row<Request> = [what: string, request: Request, code: Code, message: RegExp]

const NO_VOLUME = '00000000-00000000000000000000000000000000'
const NOT_SUPPORTED = { mount: { fsType: 'zfs' }, accessMode: { mode: 'SINGLE_NODE_WRITER' } } as const

const badCapabilities: [what: string, capability: VolumeCapabilityInit | null, message: RegExp][] = [
  ['no capability', null, /required/],
  ['no access type', { accessMode: { mode: 'SINGLE_NODE_WRITER' } }, /access_type .*required/],
  ['no access mode', { mount: {} }, /access_mode/],
  ['an unknown file system', NOT_SUPPORTED, /fs_type zfs .*ext4, xfs, btrfs/],
  [
    'a mount group',
    { mount: { volumeMountGroup: '1000' }, accessMode: { mode: 'SINGLE_NODE_WRITER' } },
    /volume_mount_group/,
  ],
  ...(['MULTI_NODE_READER_ONLY', 'MULTI_NODE_SINGLE_WRITER', 'MULTI_NODE_MULTI_WRITER'] as const).map(
    (mode): [string, VolumeCapabilityInit, RegExp] => [
      mode,
      { mount: {}, accessMode: { mode } },
      new RegExp(`access_mode ${mode}`),
    ],
  ),
]

const badPaths: [what: string, path: string, code: Code, message: RegExp][] = [
  ['missing', '', 'INVALID_ARGUMENT', /required/],
  ['relative', 'a/b', 'INVALID_ARGUMENT', /"a\/b"/],
  ['with NUL', '/tmp/\0x', 'INVALID_ARGUMENT', /has NUL/],
]

describeRoot('a bad request', () => {
  let node: TestNode
  useTestNode((started) => {
    node = started
  })

  let volumes = 0
  const volumeOf = (capability = mountCapability()): TestVolume =>
    new TestVolume(node, `volume-${++volumes}`, { capability })

  describe('CreateVolume', () => {
    const good = { name: 'fine', volumeCapabilities: [mountCapability()] }
    const parameters = (values: Record<string, string>): CreateVolumeRequestInit => ({
      ...good,
      parameters: values,
    })
    const range = (requiredBytes: string | number, limitBytes: string | number): CreateVolumeRequestInit => ({
      ...good,
      capacityRange: { requiredBytes, limitBytes },
    })
    const rows: Row<CreateVolumeRequestInit>[] = [
      ['no name', { ...good, name: '' }, 'INVALID_ARGUMENT', /name is required/],
      ['a name of 129 bytes', { ...good, name: 'n'.repeat(129) }, 'INVALID_ARGUMENT', /name has 129 bytes/],
      ['a name of 43 wide letters', { ...good, name: '€'.repeat(43) }, 'INVALID_ARGUMENT', /129 bytes/],
      ...['\0', '\u0008', '\u000b', '\u001f', '\u007f', '\u009f'].map((character): Row<typeof good> => [
        `a name with ${JSON.stringify(character)}`,
        { ...good, name: `a${character}` },
        'INVALID_ARGUMENT',
        /name .*control character/,
      ]),
      ['no capabilities', { ...good, volumeCapabilities: [] }, 'INVALID_ARGUMENT', /volume_capabilities/],
      ['an unknown parameter', parameters({ colour: 'red' }), 'INVALID_ARGUMENT', /"colour" is unknown/],
      ['an unknown pool', parameters({ pool: 'moon' }), 'INVALID_ARGUMENT', /pool "moon"/],
      ['a pool that is a path', parameters({ pool: '../..' }), 'INVALID_ARGUMENT', /pool "\.\.\/\.\."/],
      ['bad provisioning', parameters({ provisioning: 'fat' }), 'INVALID_ARGUMENT', /provisioning.*"fat"/],
      ['bad directIO', parameters({ directIO: 'yes' }), 'INVALID_ARGUMENT', /directIO.*"yes"/],
      ['bad fsType', parameters({ fsType: 'ntfs' }), 'INVALID_ARGUMENT', /fsType.*"ntfs"/],
      [
        'two file systems',
        { name: 'fine', volumeCapabilities: [mountCapability('xfs'), mountCapability('ext4')] },
        'INVALID_ARGUMENT',
        /xfs and ext4/,
      ],
      ['mutable parameters', { ...good, mutableParameters: { a: 'b' } }, 'INVALID_ARGUMENT', /mutable.*"a"/],
      [
        'a source on another node',
        { ...good, volumeContentSource: { volume: { volumeId: NO_VOLUME } } },
        'RESOURCE_EXHAUSTED',
        /volume_content_source: volume ".*" is on another node/,
      ],
      [
        'a source that does not exist',
        { ...good, volumeContentSource: { snapshot: { snapshotId: 'unknown' } } },
        'NOT_FOUND',
        /snapshot "unknown" does not exist/,
      ],
      [
        'a source without a name',
        { ...good, volumeContentSource: { volume: {} } },
        'INVALID_ARGUMENT',
        /volume_id is required/,
      ],
      ['an empty source', { ...good, volumeContentSource: {} }, 'INVALID_ARGUMENT', /volume_content_source/],
      ['a negative size', range(-1, 0), 'INVALID_ARGUMENT', /capacity_range .*-1/],
      ['a negative limit', range(0, -1), 'INVALID_ARGUMENT', /capacity_range .*-1/],
      ['a limit below the size', range(GiB, GiB - 1), 'INVALID_ARGUMENT', /required_bytes .*limit_bytes/],
      ['a limit below every file system', range(0, 1), 'OUT_OF_RANGE', /limit_bytes 1 /],
      ['a limit within the page', range(64 * MiB + 1, 64 * MiB + 2), 'OUT_OF_RANGE', /4 KiB pages/],
      ['more than any volume', range('9223372036854775807', 0), 'OUT_OF_RANGE', /largest volume/],
      ['more than the disk', range(2 ** 50, 0), 'RESOURCE_EXHAUSTED', /pool "default" has/],
      [
        'another node',
        {
          ...good,
          accessibilityRequirements: {
            requisite: [{ segments: { 'topology.loop.csi.local/node': 'mars' } }],
          },
        },
        'RESOURCE_EXHAUSTED',
        /accessibility_requirements/,
      ],
      [
        'a foreign topology key',
        { ...good, accessibilityRequirements: { requisite: [{ segments: { zone: 'a' } }] } },
        'RESOURCE_EXHAUSTED',
        /accessibility_requirements/,
      ],
      ...badCapabilities
        .filter(([, capability]) => capability)
        .map(([what, capability, message]): Row<CreateVolumeRequestInit> => [
          what,
          { ...good, volumeCapabilities: [mountCapability(), capability ?? {}] },
          'INVALID_ARGUMENT',
          new RegExp(`volume_capabilities\\[1\\].*${message.source}`),
        ]),
    ]

    it.each(rows)('with %s', async (_, request, code, message) => {
      await expect(node.client.controller.createVolume(request)).rejects.toMatchObject(refusal(code, message))
      expect(await node.files()).toEqual([])
    })

    it.each(['..', '.', '/', '../../etc', 'a/../b', ' ', 'tab\tand\nnewline', 'ü€𝄞', 'n'.repeat(128)])(
      'is none for being called %j',
      async (name) => {
        const request = { ...good, name, capacityRange: { requiredBytes: 16 * MiB } }
        const { volume } = await node.client.controller.createVolume(request)
        expect(await node.files()).toEqual([volume?.volumeId])
        await node.client.controller.deleteVolume({ volumeId: volume?.volumeId ?? '' })
      },
    )

    it('is one when the name is taken by something else', async () => {
      await using volume = await volumeOf().create()
      const others: [Partial<CreateVolumeRequestInit>, RegExp][] = [
        [{ capacityRange: { requiredBytes: GiB } }, /bytes are not within/],
        [{ capacityRange: { requiredBytes: MiB, limitBytes: 16 * MiB } }, /bytes are not within/],
        [{ volumeCapabilities: [blockCapability()] }, /accessTypes is \["mount"\], not \["block"\]/],
        [{ volumeCapabilities: [mountCapability('ext4'), blockCapability()] }, /accessTypes/],
        [{ parameters: { provisioning: 'thick' } }, /provisioning is "thin", not "thick"/],
        [{ parameters: { directIO: 'off' } }, /directIo/],
        [{ parameters: { mkfsOptions: '-L x' } }, /mkfsOptions/],
        [{ volumeCapabilities: [mountCapability('btrfs')], capacityRange: null }, /fsType|not within/],
      ]
      for (const [other, message] of others) {
        const call = node.client.controller.createVolume({ ...volume.request, ...other })
        await expect(call).rejects.toMatchObject(refusal('ALREADY_EXISTS', message))
      }
      await expect(node.client.controller.createVolume(volume.request)).resolves.toMatchObject({
        volume: { volumeId: volume.id },
      })
    })
  })

  describe('DeleteVolume', () => {
    it('without an id', async () => {
      await expect(node.client.controller.deleteVolume({})).rejects.toMatchObject(
        refusal('INVALID_ARGUMENT', /volume_id is required/),
      )
    })

    it.each([NO_VOLUME, '../..', '/', '..', 'x'.repeat(5000), 'with\0NUL'])(
      'is none for the unknown id %j',
      async (volumeId) => {
        await using _other = await volumeOf().create()
        const before = await node.files()
        await node.client.controller.deleteVolume({ volumeId })
        expect(await node.files()).toEqual(before)
      },
    )
  })

  describe('of a call that needs a volume', () => {
    const capacityRange = { requiredBytes: GiB }
    const volumeCapability = mountCapability()
    const paths = { stagingTargetPath: '/tmp/s', targetPath: '/tmp/t', volumePath: '/tmp/t' }
    const { controller, node: onNode } = {
      controller: () => node.client.controller,
      node: () => node.client.node,
    }
    const calls: [string, (volumeId: string) => Promise<unknown>][] = [
      [
        'ValidateVolumeCapabilities',
        (volumeId) =>
          controller().validateVolumeCapabilities({ volumeId, volumeCapabilities: [volumeCapability] }),
      ],
      ['ControllerGetVolume', (volumeId) => controller().controllerGetVolume({ volumeId })],
      [
        'ControllerExpandVolume',
        (volumeId) => controller().controllerExpandVolume({ volumeId, capacityRange }),
      ],
      ['NodeStageVolume', (volumeId) => onNode().nodeStageVolume({ ...paths, volumeId, volumeCapability })],
      [
        'NodePublishVolume',
        (volumeId) => onNode().nodePublishVolume({ ...paths, volumeId, volumeCapability }),
      ],
      ['NodeGetVolumeStats', (volumeId) => onNode().nodeGetVolumeStats({ ...paths, volumeId })],
      ['NodeExpandVolume', (volumeId) => onNode().nodeExpandVolume({ ...paths, volumeId })],
    ]

    it.each(calls)('%s without an id', async (_, call) => {
      await expect(call('')).rejects.toMatchObject(refusal('INVALID_ARGUMENT', /volume_id is required/))
    })

    it.each(calls)('%s of unknown volumes', async (_, call) => {
      for (const id of [NO_VOLUME, '../..', 'x'.repeat(5000)]) {
        await expect(call(id)).rejects.toMatchObject(refusal('NOT_FOUND', new RegExp(`volume "${id}"`)))
      }
    })

    it.each(['nodeUnstageVolume', 'nodeUnpublishVolume'] as const)('%s without an id', async (method) => {
      await expect(onNode()[method](paths)).rejects.toMatchObject(
        refusal('INVALID_ARGUMENT', /volume_id is required/),
      )
      const targetPath = join(node.path, 'absent')
      await onNode()[method]({ volumeId: NO_VOLUME, targetPath, stagingTargetPath: targetPath })
    })
  })

  describe('of the Controller', () => {
    it('ValidateVolumeCapabilities without capabilities', async () => {
      await using volume = await volumeOf().create()
      await expect(
        node.client.controller.validateVolumeCapabilities({ volumeId: volume.id }),
      ).rejects.toMatchObject(refusal('INVALID_ARGUMENT', /volume_capabilities is required/))
    })

    it.each([
      ...badCapabilities.filter(([, capability]) => capability),
      ['a block device', blockCapability(), /access type mount, not block/] as const,
      ['another file system', mountCapability('xfs'), /fs_type ext4, not xfs/] as const,
    ])('ValidateVolumeCapabilities does not confirm %s', async (_, capability, message) => {
      await using volume = await volumeOf().create()
      const volumeCapabilities = [mountCapability(), capability ?? {}]
      const request = { volumeId: volume.id, volumeCapabilities }
      await expect(node.client.controller.validateVolumeCapabilities(request)).resolves.toMatchObject({
        confirmed: null,
        message: expect.stringMatching(message),
      })
    })

    it('ListVolumes from a token that is not ours, or with a negative page', async () => {
      const { controller } = node.client
      await expect(controller.listVolumes({ startingToken: 'x' })).rejects.toMatchObject(
        refusal('ABORTED', /starting_token "x"/),
      )
      await expect(controller.listVolumes({ maxEntries: -1 })).rejects.toMatchObject(
        refusal('INVALID_ARGUMENT', /max_entries -1/),
      )
    })

    it('GetCapacity of an unknown pool or with an unknown parameter; and another node has none', async () => {
      const { controller } = node.client
      await expect(controller.getCapacity({ parameters: { pool: 'moon' } })).rejects.toMatchObject(
        refusal('INVALID_ARGUMENT', /pool "moon"/),
      )
      await expect(controller.getCapacity({ parameters: { colour: 'red' } })).rejects.toMatchObject(
        refusal('INVALID_ARGUMENT', /"colour" is unknown/),
      )
      const accessibleTopology = { segments: { 'topology.loop.csi.local/node': 'mars' } }
      expect(await controller.getCapacity({ accessibleTopology })).toMatchObject({ availableCapacity: '0' })
    })

    it.each([
      ['no range', null, 'INVALID_ARGUMENT', /capacity_range is required/],
      ['a negative size', { requiredBytes: -1 }, 'INVALID_ARGUMENT', /capacity_range .*-1/],
      ['a limit below the size', { requiredBytes: GiB, limitBytes: 1 }, 'INVALID_ARGUMENT', /required_bytes/],
      ['a limit below what it has', { limitBytes: MiB }, 'OUT_OF_RANGE', /do not shrink/],
      ['more than the disk', { requiredBytes: 2 ** 50 }, 'OUT_OF_RANGE', /pool "default" has/],
    ] as const)('ControllerExpandVolume with %s', async (_, capacityRange, code, message) => {
      await using volume = await volumeOf().create()
      const request = { volumeId: volume.id, capacityRange }
      await expect(node.client.controller.controllerExpandVolume(request)).rejects.toMatchObject(
        refusal(code, message),
      )
    })

    it('is UNIMPLEMENTED where it is not offered', async () => {
      const { controller } = node.client
      await expect(controller.controllerPublishVolume({})).rejects.toMatchObject({
        code: status.UNIMPLEMENTED,
      })
    })
  })

  describe('of the Node', () => {
    it.each(badPaths)('with a staging path that is %s', async (_, stagingTargetPath, code, message) => {
      await using volume = await volumeOf().create()
      const request = { volumeId: volume.id, stagingTargetPath, volumeCapability: mountCapability() }
      const expected = refusal(code, new RegExp(`staging_target_path .*${message.source}`))
      await expect(node.client.node.nodeStageVolume(request)).rejects.toMatchObject(expected)
      await expect(node.client.node.nodeUnstageVolume(request)).rejects.toMatchObject(expected)
    })

    it.each(badPaths)('with a target path that is %s', async (_, targetPath, code, message) => {
      await using volume = await volumeOf().create()
      await volume.stage()
      const request = {
        volumeId: volume.id,
        stagingTargetPath: volume.staging,
        targetPath,
        volumeCapability: mountCapability(),
      }
      const expected = refusal(code, new RegExp(`target_path .*${message.source}`))
      await expect(node.client.node.nodePublishVolume(request)).rejects.toMatchObject(expected)
      await expect(node.client.node.nodeUnpublishVolume(request)).rejects.toMatchObject(expected)
    })

    it.each(badCapabilities)('with %s', async (_, volumeCapability, message) => {
      await using volume = await volumeOf().create()
      const { staging } = volume
      const request = { volumeId: volume.id, stagingTargetPath: staging, volumeCapability }
      const expected = refusal('INVALID_ARGUMENT', new RegExp(`volume_capability.*${message.source}`))
      await expect(node.client.node.nodeStageVolume(request)).rejects.toMatchObject(expected)
      const targetPath = volume.target()
      await expect(node.client.node.nodePublishVolume({ ...request, targetPath })).rejects.toMatchObject(
        expected,
      )
    })

    it.each([
      [
        'a mount volume as a block device',
        mountCapability(),
        blockCapability(),
        /access type mount, not block/,
      ],
      ['a block volume as a mount', blockCapability(), mountCapability(), /access type block, not mount/],
      ['ext4 as xfs', mountCapability('ext4'), mountCapability('xfs'), /fs_type ext4, not xfs/],
    ])('that wants %s', async (_, made, wanted, message) => {
      await using volume = await volumeOf(made).create()
      await expect(volume.stage(wanted)).rejects.toMatchObject(refusal('FAILED_PRECONDITION', message))
      expect(await volume.devices()).toEqual([])
      await volume.stage()
      await expect(volume.publish('pod', { capability: wanted })).rejects.toMatchObject(
        refusal('FAILED_PRECONDITION', message),
      )
    })

    it.each([
      ['mount', mountCapability()],
      ['block', blockCapability()],
    ])('NodePublishVolume of a %s volume that is not staged', async (_, capability) => {
      await using volume = await volumeOf(capability).create()
      await expect(volume.publish()).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /not staged/))
      const request = {
        volumeId: volume.id,
        targetPath: volume.target(),
        volumeCapability: capability,
      }
      await expect(node.client.node.nodePublishVolume(request)).rejects.toMatchObject(
        refusal('FAILED_PRECONDITION', /staging_target_path is required/),
      )
    })

    it('NodeStageVolume at a path that does not exist, and at a file', async () => {
      await using volume = await volumeOf().create()
      const request = { volumeId: volume.id, volumeCapability: mountCapability() }
      const file = join(node.path, 'file')
      await writeFile(file, '')
      for (const stagingTargetPath of [join(node.path, 'absent'), file]) {
        const call = node.client.node.nodeStageVolume({ ...request, stagingTargetPath })
        await expect(call).rejects.toMatchObject(
          refusal('FAILED_PRECONDITION', /staging_target_path .* is no directory; the CO must create it/),
        )
        expect(await volume.devices()).toEqual([])
      }
    })

    it('NodePublishVolume into a directory that does not exist', async () => {
      await using volume = await volumeOf().create()
      await volume.stage()
      await expect(volume.publish('no/such/parent')).rejects.toMatchObject({
        details: expect.stringContaining('no/such/parent'),
      })
    })

    it('NodeStageVolume at another path while it is staged', async () => {
      await using volume = await volumeOf().create()
      await volume.stage()
      const elsewhere = await node.directory('elsewhere')
      const request = { volumeId: volume.id, volumeCapability: mountCapability() }
      const call = node.client.node.nodeStageVolume({ ...request, stagingTargetPath: elsewhere })
      await expect(call).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /attached to \/dev\/loop\d+/))
    })

    it('NodeUnstageVolume at another path while it is staged does nothing', async () => {
      await using volume = await volumeOf().create()
      await volume.stage()
      const stagingTargetPath = await node.directory('elsewhere')
      await node.client.node.nodeUnstageVolume({ volumeId: volume.id, stagingTargetPath })
      await volume.publish()
      await node.client.node.nodeUnstageVolume({ volumeId: volume.id, stagingTargetPath })
      expect(await volume.devices()).toHaveLength(1)
      await volume.unpublish()
      await volume.unstage()
    })

    it('with something else mounted at the path', async () => {
      await using volume = await volumeOf().create()
      await using foreign = new ForeignMount()
      await foreign.at(volume.staging)
      await expect(volume.stage()).rejects.toMatchObject(refusal('ALREADY_EXISTS', /tmpfs/))
      await expect(volume.unstage()).rejects.toMatchObject(refusal('ALREADY_EXISTS', /tmpfs/))
      await foreign.undo()
      await volume.stage()
      await mkdir(volume.target())
      await foreign.at(volume.target())
      await expect(volume.publish()).rejects.toMatchObject(refusal('ALREADY_EXISTS', /tmpfs/))
      await expect(volume.unpublish()).rejects.toMatchObject(refusal('ALREADY_EXISTS', /tmpfs/))
      await foreign.undo()
    })

    it('with another volume at the path', async () => {
      await using first = await volumeOf().create()
      await using second = await volumeOf().create()
      await first.stage()
      const request = { volumeId: second.id, stagingTargetPath: first.staging }
      await expect(
        node.client.node.nodeStageVolume({ ...request, volumeCapability: mountCapability() }),
      ).rejects.toMatchObject(refusal('ALREADY_EXISTS', new RegExp(second.id)))
      await second.stage()
      await expect(node.client.node.nodeUnstageVolume(request)).rejects.toMatchObject(
        refusal('FAILED_PRECONDITION', new RegExp(second.id)),
      )
      const targetPath = await first.publish()
      await expect(
        node.client.node.nodeUnpublishVolume({ volumeId: second.id, targetPath }),
      ).rejects.toMatchObject({ details: expect.stringContaining(targetPath) })
      for (const volumePath of [first.staging, targetPath]) {
        const call = node.client.node.nodeGetVolumeStats({ volumeId: second.id, volumePath })
        await expect(call).rejects.toMatchObject(refusal('NOT_FOUND', /volume_path/))
      }
    })

    it('that would hide or delete what is in the target', async () => {
      await using volume = await volumeOf().create()
      await volume.stage()
      const note = join(await node.directory(volume.name, 'pod'), 'note')
      await writeFile(note, 'kept')
      await expect(volume.unpublish()).rejects.toMatchObject({
        details: expect.stringContaining(volume.target()),
      })
      expect(await tool('cat', note)).toBe('kept')
      await tool('rm', note)
    })

    it('with a target of the wrong kind', async () => {
      await using mount = await volumeOf().create()
      await mount.stage()
      await writeFile(mount.target(), '')
      await expect(mount.publish()).rejects.toMatchObject(refusal('ALREADY_EXISTS', /no directory/))
      await using block = await volumeOf(blockCapability()).create()
      await block.stage()
      await mkdir(block.target())
      await expect(block.publish()).rejects.toMatchObject(refusal('ALREADY_EXISTS', /no file/))
    })

    it.each(['nodeGetVolumeStats', 'nodeExpandVolume'] as const)('%s at another path', async (method) => {
      await using volume = await volumeOf().create()
      await volume.stage()
      for (const volumePath of ['/', 'some/path', node.path, join(node.path, 'absent')]) {
        await expect(node.client.node[method]({ volumeId: volume.id, volumePath })).rejects.toMatchObject(
          refusal('NOT_FOUND', /volume_path/),
        )
      }
      await expect(node.client.node[method]({ volumeId: volume.id })).rejects.toMatchObject(
        refusal('INVALID_ARGUMENT', /volume_path is required/),
      )
    })

    it('NodeExpandVolume of a volume that is not staged: it stays as large as it is', async () => {
      await using volume = await volumeOf().create()
      const capacity = async () =>
        (await node.client.controller.controllerGetVolume({ volumeId: volume.id })).volume?.capacityBytes
      const before = await capacity()
      const capacityRange = { requiredBytes: 512 * MiB }
      await expect(
        node.client.node.nodeExpandVolume({ volumeId: volume.id, volumePath: node.path, capacityRange }),
      ).rejects.toMatchObject(refusal('FAILED_PRECONDITION', /is not staged/))
      expect(await capacity()).toBe(before)
    })
  })

  describe('to stage a volume that holds foreign data', () => {
    const foreign: [what: string, put: (image: string) => Promise<unknown>, message: RegExp][] = [
      ['a partition table', (image) => poke(image, 446, partitionTable()), /dos partition table/],
      ['LUKS', (image) => poke(image, 0, Buffer.from('LUKS\xba\xbe\0\x01', 'latin1')), /crypto_LUKS/],
      ['swap', (image) => tool('mkswap', image), /swap/],
      ['btrfs', (image) => tool('mkfs.btrfs', '-q', image), /btrfs/],
    ]

    it.each(foreign)('%s: it is left as it is', async (_, put, message) => {
      await using volume = await new TestVolume(node, `foreign-${++volumes}`, { bytes: 256 * MiB }).create()
      await put(volume.image)
      const before = await tool('sha256sum', volume.image)
      await expect(volume.stage()).rejects.toMatchObject(refusal('FAILED_PRECONDITION', message))
      expect(await tool('sha256sum', volume.image)).toBe(before)
      expect(await volume.devices()).toEqual([])
    })
  })
})

class ForeignMount implements AsyncDisposable {
  #path: string | undefined

  async at(path: string): Promise<void> {
    await tool('mount', '-t', 'tmpfs', 'none', path)
    this.#path = path
  }

  async undo(): Promise<void> {
    if (this.#path !== undefined) await tool('umount', this.#path)
    this.#path = undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.undo()
  }
}

async function poke(image: string, position: number, bytes: Buffer): Promise<void> {
  await using file = await open(image, 'r+')
  await file.write(bytes, 0, bytes.length, position)
}

/** The end of a master boot record: one Linux partition of 2,048 sectors, behind 2,048 others. */
function partitionTable(): Buffer {
  const table = Buffer.alloc(66)
  table[4] = 0x83
  table.writeUInt32LE(2048, 8)
  table.writeUInt32LE(2048, 12)
  table.writeUInt16LE(0xaa55, 64)
  return table
}
