import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { nodeNames } from './support/cluster.ts'
import { groupSnapshot, membersOf, readyToUse } from './support/copies.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod, snapshot } from './support/objects.ts'

let on: Namespace
let nodes: string[] = []

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
  nodes = await nodeNames()
})

afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

describe.each([
  ['ext4', 'loop', '64Mi', '128Mi'],
  ['xfs', 'loop-xfs', '320Mi', '400Mi'],
  ['btrfs', 'loop-btrfs', '256Mi', '320Mi'],
])('%s', (type, storageClass, size, larger) => {
  const source = `source-${type}`

  beforeAll(async () => {
    await on.apply(claim(source, { storageClass, size }))
    await on.apply(pod(source, { volumes: { data: ofClaim(source) } }))
    await on.running([source])
    await on.shell(source, 'echo first >/data/file')
  })

  it('can be snapshotted in use, and restored larger beside its source', async () => {
    await on.apply(snapshot(`snapshot-${type}`, source))
    await readyToUse(on, 'volumesnapshot', `snapshot-${type}`)
    await on.shell(source, 'echo later >/data/file')
    const name = `restored-${type}`
    await on.apply(
      claim(name, { storageClass, size: larger, from: { kind: 'VolumeSnapshot', name: `snapshot-${type}` } }),
    )
    await on.apply(pod(name, { node: await on.nodeOf(source), volumes: { data: ofClaim(name) } }))
    await on.running([name])
    expect(await on.shell(name, 'cat /data/file')).toBe('first')
    expect(await on.shell(source, 'cat /data/file')).toBe('later')
    const kibibytes = Number(await on.shell(name, `df -k /data | tail -1 | awk '{print $2}'`))
    expect(kibibytes).toBeGreaterThan(parseInt(larger) * 1024 * 0.75)
  })

  it('can be cloned in use', async () => {
    await on.shell(source, 'echo now >/data/file')
    const name = `clone-${type}`
    await on.apply(claim(name, { storageClass, size, from: { kind: 'PersistentVolumeClaim', name: source } }))
    await on.apply(pod(name, { node: await on.nodeOf(source), volumes: { data: ofClaim(name) } }))
    await on.running([name])
    expect(await on.shell(name, 'cat /data/file')).toBe('now')
  })
})

describe('a copy that is scheduled to another node than its source', () => {
  it.each([
    ['a snapshot', 'VolumeSnapshot', 'snapshot-away'],
    ['a claim', 'PersistentVolumeClaim', 'away'],
  ] as const)('of %s comes up where the source is, without help', async (_, kind, from) => {
    const home = nodes.at(-1) ?? ''
    if (kind === 'VolumeSnapshot') {
      await on.apply(claim('away'))
      await on.apply(
        pod('away', {
          node: home,
          volumes: { data: ofClaim('away') },
          command: 'echo away >/data/file; exec sleep infinity',
        }),
      )
      await on.running(['away'])
      await on.apply(snapshot('snapshot-away', 'away'))
      await readyToUse(on, 'volumesnapshot', 'snapshot-away')
    }
    const name = `from-${from}`
    // The pod likes every node better than the right one.
    const nodeAffinity = {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          preference: {
            matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'NotIn', values: [home] }],
          },
        },
      ],
    }
    await on.apply(claim(name, { from: { kind, name: from } }))
    await on.apply(pod(name, { volumes: { data: ofClaim(name) }, spec: { affinity: { nodeAffinity } } }))
    await on.running([name])
    expect(await on.nodeOf(name)).toBe(home)
    expect(await on.shell(name, 'cat /data/file')).toBe('away')
  })
})

describe('a group of claims', () => {
  it('has the same point in time', async () => {
    await on.apply(...['a', 'b'].map((name) => claim(name, { labels: { app: 'group' } })))
    // b is written after a, always: a copy in which b is ahead would be of two moments. A file that is
    // truncated first would be empty for a moment, and so in about one of a hundred copies.
    const put = (file: string): string => `printf '%08d\\n' $i | dd of=${file} conv=notrunc,fsync 2>/dev/null`
    const command = `i=0; while :; do i=$((i+1)); ${put('/a/n')}; ${put('/b/n')}; done`
    await on.apply(pod('writer', { volumes: { a: ofClaim('a'), b: ofClaim('b') }, command }))
    await on.running(['writer'])
    await on.apply(groupSnapshot('group', { app: 'group' }))
    await readyToUse(on, 'volumegroupsnapshot', 'group')
    const members = await membersOf(on, 'group')
    expect([...members.keys()].sort()).toEqual(['a', 'b'])
    for (const [source, name] of members)
      await on.apply(claim(`copy-${source}`, { from: { kind: 'VolumeSnapshot', name } }))
    const node = await on.nodeOf('writer')
    await on.apply(pod('copies', { node, volumes: { a: ofClaim('copy-a'), b: ofClaim('copy-b') } }))
    await on.running(['copies'])
    const [a = 0, b = 0] = (await on.shell('copies', 'cat /a/n /b/n')).split('\n').map(Number)
    expect(a).toBeGreaterThan(0)
    expect([0, 1]).toContain(a - b)
  })
})
