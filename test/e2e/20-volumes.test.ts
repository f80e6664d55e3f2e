import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { nodeNames } from './support/cluster.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod } from './support/objects.ts'
import { volumeDevices } from './support/machine.ts'

let on: Namespace
let nodes: string[] = []

const fileSystems = [
  { type: 'ext4', storageClass: 'loop', mebibytes: 128 },
  { type: 'xfs', storageClass: 'loop-xfs', mebibytes: 320 },
  { type: 'btrfs', storageClass: 'loop-btrfs', mebibytes: 256 },
]

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
  nodes = await nodeNames()
})

afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

describe.each(fileSystems)('$type', ({ type, storageClass, mebibytes }) => {
  const nameOn = (node: string) => `${type}-${node}`

  beforeAll(async () => {
    const names = nodes.map(nameOn)
    await on.apply(...names.map((name) => claim(name, { storageClass, size: `${mebibytes}Mi` })))
    await on.apply(
      ...nodes.map((node) => pod(nameOn(node), { node, volumes: { data: ofClaim(nameOn(node)) } })),
    )
    await on.running(names)
  })

  afterAll(async () => {
    await on.delete('pod', ...nodes.map(nameOn))
    await on.delete('pvc', ...nodes.map(nameOn))
  })

  it('is mounted on every node, with the size that was asked for', async () => {
    for (const node of nodes) {
      expect(await on.nodeOf(nameOn(node))).toBe(node)
      const [, found = '', kibibytes = ''] = (await on.shell(nameOn(node), 'df -T -k /data | tail -1')).split(
        /\s+/,
      )
      expect(found).toBe(type)
      expect(Number(kibibytes)).toBeLessThanOrEqual(mebibytes * 1024)
      expect(Number(kibibytes)).toBeGreaterThan(mebibytes * 1024 * 0.75)
    }
  })

  it('can be filled up to its size', async () => {
    for (const node of nodes) {
      const fill = await on.tryShell(
        nameOn(node),
        `dd if=/dev/zero of=/data/fill bs=1M count=${mebibytes + 64}`,
      )
      expect(fill.code).not.toBe(0)
      expect(fill.stderr).toContain('No space left on device')
      await on.shell(nameOn(node), 'rm /data/fill && echo kept >/data/file && sync && grep kept /data/file')
    }
  })
})

describe('raw block', () => {
  it('is a device of the size that was asked for, on every node', async () => {
    await on.apply(...nodes.map((node) => claim(`block-${node}`, { volumeMode: 'Block' })))
    await on.apply(
      ...nodes.map((node) => pod(`block-${node}`, { node, blocks: { disk: ofClaim(`block-${node}`) } })),
    )
    await on.running(nodes.map((node) => `block-${node}`))
    for (const node of nodes) {
      expect(await on.shell(`block-${node}`, 'blockdev --getsize64 /dev/disk')).toBe(String(64 << 20))
      expect(
        await on.shell(
          `block-${node}`,
          `echo ${node} | dd of=/dev/disk bs=512 seek=100 conv=fsync,sync 2>/dev/null; dd if=/dev/disk bs=512 skip=100 count=1 2>/dev/null | head -n 1`,
        ),
      ).toBe(node)
    }
    await on.delete('pod', ...nodes.map((node) => `block-${node}`))
    await on.delete('pvc', ...nodes.map((node) => `block-${node}`))
  })

  it('can be read only', async () => {
    await on.apply(claim('block-ro', { volumeMode: 'Block' }))
    await on.apply(
      pod('block-rw', {
        blocks: { disk: ofClaim('block-ro') },
        command: 'echo word | dd of=/dev/disk conv=fsync; exec sleep infinity',
      }),
    )
    await on.running(['block-rw'])
    await on.delete('pod', 'block-rw')
    await on.apply(pod('block-ro', { blocks: { disk: ofClaim('block-ro', true) } }))
    await on.running(['block-ro'])
    expect(await on.shell('block-ro', 'head -n 1 /dev/disk')).toBe('word')
    expect((await on.tryShell('block-ro', 'echo other | dd of=/dev/disk conv=fsync')).code).not.toBe(0)
    await on.delete('pod', 'block-ro')
    await on.delete('pvc', 'block-ro')
  })
})

describe('an inline volume', () => {
  it('by a claim template', async () => {
    const { spec } = claim('x')
    await on.apply(pod('generic', { volumes: { data: { ephemeral: { volumeClaimTemplate: { spec } } } } }))
    await on.running(['generic'])
    expect(await on.shell('generic', 'echo here >/data/file && cat /data/file')).toBe('here')
    await on.delete('pod', 'generic')
    await on.kubectl('wait', '--for=delete', 'pvc/generic-data', '--timeout=60s')
  })

  it('inline, with its size enforced', async () => {
    const csi = { driver: 'loop.csi.local', volumeAttributes: { size: '64Mi' } }
    await on.apply(pod('inline', { volumes: { data: { csi } } }))
    await on.running(['inline'])
    const fill = await on.tryShell('inline', 'dd if=/dev/zero of=/data/fill bs=1M count=80')
    expect(fill.stderr).toContain('No space left on device')
    await on.delete('pod', 'inline')
  })
})

describe('access to a volume', () => {
  it('a group that is not root (fsGroup)', async () => {
    await on.apply(claim('group'))
    const securityContext = { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, runAsNonRoot: true }
    await on.apply(pod('group', { volumes: { data: ofClaim('group') }, spec: { securityContext } }))
    await on.running(['group'])
    expect(await on.shell('group', 'echo mine >/data/file && stat -c "%u %g" /data/file')).toBe('1000 2000')
  })

  it('several pods on its node, one of them for reading', async () => {
    await on.apply(claim('shared'))
    await on.apply(
      pod('writer', {
        volumes: { data: ofClaim('shared') },
        command: 'echo one >/data/file; exec sleep infinity',
      }),
    )
    await on.running(['writer'])
    const node = await on.nodeOf('writer')
    await on.apply(
      pod('second', { node, volumes: { data: ofClaim('shared') } }),
      pod('reader', { node, volumes: { data: ofClaim('shared', true) } }),
    )
    await on.running(['second', 'reader'])
    await on.shell('second', 'echo two >>/data/file')
    expect(await on.shell('reader', 'cat /data/file')).toBe('one\ntwo')
    expect((await on.tryShell('reader', 'echo three >>/data/file')).stderr).toContain('Read-only file system')
  })

  it('directories of it (subPath)', async () => {
    await on.apply(claim('parts'))
    await on.apply(pod('parts', { volumes: { data: ofClaim('parts') }, mount: { subPath: 'a/b' } }))
    await on.running(['parts'])
    await on.shell('parts', 'echo part >/data/file')
    const node = await on.nodeOf('parts')
    await on.apply(pod('whole', { node, volumes: { data: ofClaim('parts') } }))
    await on.running(['whole'])
    expect(await on.shell('whole', 'cat /data/a/b/file')).toBe('part')
  })

  it('exactly one pod (ReadWriteOncePod)', async () => {
    await on.apply(claim('once', { accessMode: 'ReadWriteOncePod' }))
    await on.apply(pod('once', { volumes: { data: ofClaim('once') } }))
    await on.running(['once'])
    await on.apply(pod('twice', { volumes: { data: ofClaim('once') } }))
    await on.kubectl(
      'wait',
      '--for=jsonpath={.status.conditions[0].reason}=Unschedulable',
      'pod/twice',
      '--timeout=60s',
    )
    await on.delete('pod', 'once')
    await on.running(['twice'])
  })
})

it('leaves no device of a volume when its namespace is deleted', async () => {
  await on[Symbol.asyncDispose]()
  expect([...(await volumeDevices(nodes))]).toEqual([])
})
