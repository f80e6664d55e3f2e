import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { commandsOf, ROOT } from '../support/doc-commands.ts'
import { kindCluster, nodeNames } from './support/cluster.ts'
import { outcome } from './support/command.ts'
import { install, uninstall } from './support/driver.ts'
import { eventually } from '../support/eventually.ts'
import { volumeDevices } from './support/machine.ts'

/** What a reader types that cannot be done again here, and what shows that it has been done. */
const DONE_ALREADY: readonly (readonly [command: RegExp, check: string])[] = [
  [/^printf .* kind create cluster .*$/gm, 'kubectl get nodes'],
  [/^kubectl apply -k https:.*$/gm, 'kubectl get crd volumesnapshots.snapshot.storage.k8s.io'],
  [/^kind delete cluster$/gm, ': # the last test does'],
]

/** As somebody types them, one after the other, in the project's directory. The first that fails ends it. */
async function follow(script: string): Promise<void> {
  let commands = script
  for (const [command, check] of DONE_ALREADY) commands = commands.replace(command, check)
  const { code, stdout, stderr } = await outcome('bash', [
    '-euxo',
    'pipefail',
    '-c',
    `cd ${ROOT}\nexport KIND_CLUSTER_NAME=${await kindCluster()}\n${commands}`,
  ])
  expect({ code, said: code === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({ code: 0, said: '' })
}

beforeAll(async () => {
  await uninstall()
})

afterAll(async () => {
  await install()
})

it('the tutorial works as it is written', async () => {
  await follow(await commandsOf('tutorial.md'))
}, 600_000)

describe('with the driver of the tutorial', () => {
  beforeAll(async () => {
    const installs = /^helm install .*$/m.exec(await commandsOf('tutorial.md'))?.[0]
    await follow(installs ?? 'false')
  })

  afterAll(uninstall)

  it.each(['kind', 'snapshots', 'change', 'pools', 'troubleshoot', 'watch', 'lost-node', 'upgrade'])(
    'docs/how-to/%s.md works as it is written',
    async (page) => {
      await follow(await commandsOf(`how-to/${page}.md`))
    },
    600_000,
  )

  it('and no device is left of any of it', async () => {
    const nodes = await nodeNames()
    await eventually('no device is left', async () => {
      expect([...(await volumeDevices(nodes))]).toEqual([])
    })
  })
})
