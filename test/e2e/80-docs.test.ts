import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { commandsOf, ROOT } from '../support/doc-commands.ts'
import { eventually } from '../support/eventually.ts'
import { kindCluster, nodeNames, onNode } from './support/cluster.ts'
import { outcome, run } from './support/command.ts'
import { DATA_DIR, install, uninstall } from './support/driver.ts'
import { get, kubectl } from './support/kubectl.ts'
import { withoutNode } from './support/lost-node.ts'
import { volumeDevices } from './support/machine.ts'
import { ofClaim, pod } from './support/objects.ts'

/** What a reader types that cannot be done again here, and what shows that it has been done. */
const DONE_ALREADY: readonly (readonly [command: RegExp, check: string])[] = [
  [/^printf .* kind create cluster .*$/gm, 'kubectl get nodes'],
  [/^kubectl apply -k https:.*$/gm, 'kubectl get crd volumesnapshots.snapshot.storage.k8s.io'],
  [/^kind delete cluster$/gm, ': # the last test does'],
]

/** Where what a page installs by npm goes. */
let prefix = ''

/** As a user types them, one after the other, in the project's directory. The first failure ends it. */
async function follow(script: string): Promise<void> {
  let commands = script
  for (const [command, check] of DONE_ALREADY) commands = commands.replace(command, check)
  const { code, stdout, stderr } = await outcome('bash', [
    '-euxo',
    'pipefail',
    '-c',
    [
      `cd ${ROOT}`,
      `export KIND_CLUSTER_NAME=${await kindCluster()}`,
      `export npm_config_prefix=${prefix} PATH=${prefix}/bin:$PATH`,
      commands,
    ].join('\n'),
  ])
  expect({ code, said: code === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({ code: 0, said: '' })
}

beforeAll(async () => {
  prefix = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
  await uninstall()
})

afterAll(async () => {
  await install()
  await rm(prefix, { recursive: true })
})

it('the tutorial works as written', async () => {
  await follow(await commandsOf('tutorial.md'))
}, 600_000)

describe('with the driver of the tutorial', () => {
  beforeAll(async () => {
    const installs = /^helm install .*$/m.exec(await commandsOf('tutorial.md'))?.[0]
    await follow(installs ?? 'false')
  })

  afterAll(uninstall)

  it.each(['kind', 'snapshots', 'change', 'pools', 'watch', 'upgrade'])(
    'docs/how-to/%s.md works as it is written',
    async (page) => {
      await follow(await commandsOf(`how-to/${page}.md`))
    },
    600_000,
  )

  it('docs/how-to/troubleshoot.md works as written, and does not change the claim and its pod', async () => {
    await follow(EXT4)
    await follow(`claim=ext4 pod=ext4\n${await commandsOf('how-to/troubleshoot.md')}`)
    expect(await kubectl(['exec', 'ext4', '--', 'ls', '/data/started'])).toBe('/data/started\n')
    await follow('kubectl delete -f deploy/examples/ext4.yaml')
  }, 600_000)

  it('docs/how-to/lost-node.md works as written, for a node that does not come back', async () => {
    const { lost, node } = await moveDisk()
    await withoutNode(lost, async () => {
      const page = await commandsOf('how-to/lost-node.md')
      await follow(`claim=ext4 lost=${lost} node=${node}\n${page}`)
      await kubectl(['apply', '--filename=-'], {
        input: JSON.stringify(pod('reader', { node, volumes: { data: ofClaim('ext4') } })),
      })
      await kubectl(['wait', '--for=condition=Ready', 'pod/reader', '--timeout=120s'])
      expect(await kubectl(['exec', 'reader', '--', 'cat', '/data/word'])).toBe('kept\n')
      await kubectl(['delete', 'pod/reader', 'pvc/ext4'])
    }).finally(() => rm(join(ROOT, 'adopted.yaml'), { force: true }))
  }, 600_000)

  it('and no device is left of any of it', noDevices)
})

const EXT4 =
  'kubectl apply -f deploy/examples/ext4.yaml\nkubectl wait --for=condition=Ready pod/ext4 --timeout=120s'

async function noDevices(): Promise<void> {
  const nodes = await nodeNames()
  await eventually('no device is left', async () => {
    expect([...(await volumeDevices(nodes))]).toEqual([])
  })
}

/**
 * A claim `ext4` with a word in it, whose disk is now with another node than its own, which is to be lost.
 */
async function moveDisk(): Promise<{ lost: string; node: string }> {
  await follow(EXT4)
  await kubectl(['exec', 'ext4', '--', 'sh', '-c', 'echo kept >/data/word'])
  const lost = (await get<{ spec: { nodeName: string } }>('pod', 'ext4')).spec.nodeName
  const node = (await nodeNames()).find((name) => name !== lost && name.includes('worker')) ?? ''
  await kubectl(['delete', 'pod', 'ext4'])
  await noDevices()
  const claimed = await get<{ spec: { volumeName: string } }>('pvc', 'ext4')
  const { spec } = await get<{ spec: { csi: { volumeHandle: string } } }>('pv', claimed.spec.volumeName)
  await onNode(node, 'mkdir', '--parents', `${DATA_DIR}/old`)
  const volume = `pools/default/volumes/${spec.csi.volumeHandle}`
  const from = `docker exec ${lost} tar --create --sparse --directory ${DATA_DIR} ${volume}`
  const to = `docker exec --interactive ${node} tar --extract --sparse --directory ${DATA_DIR}/old`
  await run('bash', ['-euo', 'pipefail', '-c', `${from} | ${to}`])
  await onNode(lost, 'rm', '--recursive', `${DATA_DIR}/${volume}`)
  return { lost, node }
}
