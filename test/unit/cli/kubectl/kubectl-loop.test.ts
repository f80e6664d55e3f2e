import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { volumeIdFor } from '../../../../src/volumes/model/ids.ts'

const MAIN = fileURLToPath(new URL('../../../../src/kubectl-loop.ts', import.meta.url))
const FAKE = fileURLToPath(new URL('../../../support/fake-kubectl.js', import.meta.url))

type Answer = [pattern: string, { stdout?: string; stderr?: string; code?: number }]

const json = (value: object): { stdout: string } => ({ stdout: JSON.stringify(value) })

const pod = (node: string, phase = 'Running') => ({
  metadata: { namespace: 'storage', name: `loop-${node}` },
  spec: { nodeName: node },
  status: { phase },
})

const pods = (...items: object[]): Answer => ['^get pods', json({ items })]
const both = pods(pod('b'), pod('a'))

const [onA, onB] = [volumeIdFor('a', 'db'), volumeIdFor('b', 'web')]
const persistentVolume = (volumeHandle: string) => json({ spec: { csi: { driver: 'loop', volumeHandle } } })

describe('kubectl loop', () => {
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
    await mkdir(join(directory, 'bin'))
    await symlink(FAKE, join(directory, 'bin', 'kubectl'))
  })

  afterEach(() => rm(directory, { recursive: true }))

  async function run(args: string[], ...answers: Answer[]) {
    await writeFile(join(directory, 'answers.json'), JSON.stringify(answers))
    const path = `${join(directory, 'bin')}:${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}`
    const env = { ...process.env, PATH: path, FAKE_KUBECTL: directory, NO_COLOR: '1', FORCE_COLOR: undefined }
    return await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const options = { env, encoding: 'latin1' } as const
      execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), stdout, stderr })
      })
    })
  }

  /**
   * The calls of kubectl but for the first, which looks for the pods; those that run at once in their order
   * of pods.
   */
  async function calls(): Promise<string[]> {
    const lines = (await readFile(join(directory, 'log'), 'utf8')).trim().split('\n')
    return lines.slice(1).map((line) => (JSON.parse(line) as string[]).join(' '))
  }

  const inPod = (node: string, words: string, flags = ''): string =>
    `exec --namespace=storage loop-${node} --container=driver ${flags}-- csi-driver-loop ${words}`

  it('merges the tables of all nodes', async () => {
    const view = (name: string) => ({
      name,
      state: 'ready',
      volumes: 1,
      snapshots: 0,
      damaged: 0,
      path: '/p',
    })
    const { code, stdout } = await run(
      ['pool', 'ls'],
      both,
      ['loop-a', json([view('default')])],
      ['loop-b', json([view('default'), view('fast')])],
    )
    expect(code).toBe(0)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ +/).slice(0, 3).join(' ')),
    ).toEqual(['NODE POOL STATE', 'a default ready', 'b default ready', 'b fast ready'])
    expect((await calls()).sort()).toEqual([inPod('a', 'pool ls --json'), inPod('b', 'pool ls --json')])
  })

  it('prints the other nodes when one does not answer, with an error', async () => {
    const { code, stdout, stderr } = await run(
      ['loop', 'ls', '--json'],
      pods(pod('a'), pod('b', 'Pending'), pod('c')),
      ['loop-a', json([{ device: '/dev/loop0' }])],
      ['loop-c', { stderr: 'gone', code: 7 }],
    )
    expect(JSON.parse(stdout)).toEqual([{ node: 'a', device: '/dev/loop0' }])
    expect(stderr).toBe('node b: pod storage/loop-b does not run\nnode c: gone\n')
    expect(code).toBe(7)
  })

  it('prints what a node lists without an unreachable pool, with the reason', async () => {
    const { code, stdout, stderr } = await run(
      ['ls', '--json'],
      pods(pod('a'), pod('b'), pod('c')),
      ['loop-a', json([{ id: 'a-1' }])],
      ['loop-b', { ...json([{ id: 'b-1' }]), stderr: 'pool "fast": no disk\n', code: 1 }],
      ['loop-c', { stdout: '[{"id": ', stderr: 'connection lost', code: 1 }],
    )
    expect(JSON.parse(stdout)).toEqual([
      { node: 'a', id: 'a-1' },
      { node: 'b', id: 'b-1' },
    ])
    expect(stderr).toBe('node b: pool "fast": no disk\nnode c: connection lost\n')
    expect(code).toBe(1)
  })

  it('asks the doctor of every node, or of one', async () => {
    const answers: Answer[] = [
      both,
      ['loop-a', { stdout: 'well\n' }],
      ['loop-b', { stdout: 'ill\n', code: 1 }],
    ]
    expect(await run(['doctor'], ...answers)).toMatchObject({
      code: 1,
      stdout: 'node a\nwell\n\nnode b\nill\n\n',
    })
    expect(await run(['doctor', '--node', 'a'], ...answers)).toMatchObject({
      code: 0,
      stdout: 'node a\nwell\n\n',
    })
  })

  it.each<[string, string[], string[]]>([
    ['its id', [onA], []],
    ['its claim', ['db'], ['get persistentvolumeclaim db --output=json']],
    [
      'its claim and -n',
      ['-n', 'shop', 'db'],
      ['get persistentvolumeclaim db --namespace=shop --output=json'],
    ],
    ['claim and namespace', ['shop/db'], ['get persistentvolumeclaim db --namespace=shop --output=json']],
  ])('finds the node of a volume by %s', async (_, reference, asked) => {
    const { code, stdout } = await run(
      ['show', ...reference],
      both,
      ['^get persistentvolumeclaim', json({ spec: { volumeName: 'pvc-1' } })],
      ['^get persistentvolume pvc-1', persistentVolume(onA)],
      ['^exec', { stdout: 'shown\n' }],
    )
    expect([code, stdout]).toEqual([0, 'shown\n'])
    const volume = asked.length > 0 ? ['get persistentvolume pvc-1 --output=json'] : []
    expect(await calls()).toEqual([...asked, ...volume, inPod('a', `volume show ${onA}`)])
  })

  it('runs a command once for each volume, on its node, and returns the worst exit code', async () => {
    const args = ['check', '--json', onA, 'pv/pvc-2']
    const answers: Answer[] = [
      both,
      ['^get persistentvolume pvc-2', persistentVolume(onB)],
      ['loop-a', { code: 1 }],
      ['loop-b', {}],
    ]
    expect((await run(args, ...answers)).code).toBe(1)
    expect((await calls()).filter((call) => call.startsWith('exec'))).toEqual([
      inPod('a', `volume check --json ${onA}`),
      inPod('b', `volume check --json ${onB}`),
    ])
  })

  it('passes on the options for cluster and user', async () => {
    const flags = ['--context', 'kind', '--kubeconfig=/k', '--as', 'me']
    await run([...flags, 'show', onA], ['get pods', both[1]], ['exec', {}])
    expect((await calls())[0]).toBe(
      `--kubeconfig=/k --context=kind --as=me ${inPod('a', `volume show ${onA}`)}`,
    )
  })

  it('writes an export to a local sparse file', async () => {
    const output = join(directory, 'db.img')
    const content = `${'\0'.repeat(1 << 20)}data`
    const { code } = await run(['export', onA, '--output', output], both, ['^exec', { stdout: content }])
    expect(code).toBe(0)
    expect(await readFile(output, 'latin1')).toBe(content)
    expect((await stat(output)).blocks * 512).toBeLessThan(1 << 16)
    expect(await calls()).toEqual([inPod('a', `volume export ${onA} --output -`)])
  })

  it('leaves no file of an export that failed, and none of others', async () => {
    const output = join(directory, 'db.img')
    const failed: Answer = ['^exec', { stdout: 'half', stderr: 'in use', code: 1 }]
    const { code, stderr } = await run(['export', onA, '--output', output], both, failed)
    expect([code, stderr]).toEqual([1, 'in use'])
    await expect(stat(output)).rejects.toMatchObject({ code: 'ENOENT' })
    await writeFile(output, 'mine')
    const { stderr: refused } = await run(['export', onA, '--output', output], both, failed)
    expect(refused).toContain('EEXIST')
    expect(await readFile(output, 'utf8')).toBe('mine')
  })

  it('sends a local file to be imported on the node, with its size', async () => {
    const input = join(directory, 'db.img')
    await writeFile(input, 'image')
    const args = ['import', input, '--name', 'db', '--fs-type', 'ext4', '--node', 'b']
    expect(await run(args, both, ['^exec', { stdout: onB }])).toMatchObject({ code: 0, stdout: onB })
    expect(await readFile(join(directory, 'input'), 'utf8')).toBe('image')
    expect(await calls()).toEqual([
      inPod('b', 'volume import - --name db --fs-type ext4 --size 5', '--stdin '),
    ])
  })

  it('leaves standard input to its caller, whose loop may read names of nodes from it', async () => {
    const args = ['--node', 'b', 'loop', 'get-free']
    expect(await run(args, both, ['^exec', { stdout: '/dev/loop0' }])).toMatchObject({ code: 0 })
    expect(await calls()).toEqual([inPod('b', 'loop get-free')])
  })

  it.each<[string, string[], Answer[], RegExp]>([
    ['no driver', ['ls'], [pods()], /no pods of the driver have the labels app/],
    ['no such node', ['ls', '--node', 'x'], [both], /no pod on node "x"; it has pods on a, b/],
    ['several nodes', ['adopt', '/a'], [both], /choose a node: --node a\|b/],
    [
      'a volume of no node',
      ['show', volumeIdFor('x', 'db')],
      [both],
      /is on a node where the driver has no pod/,
    ],
    [
      'a pending claim',
      ['show', 'db'],
      [both, ['claim db', json({ spec: {} })]],
      /claim "db" has no volume yet/,
    ],
    [
      'a volume of another driver',
      ['show', 'pv/nfs'],
      [both, ['volume nfs', json({ spec: { csi: { driver: 'nfs', volumeHandle: 'server#share' } } })]],
      /"nfs" is not a volume of csi-driver-loop/,
    ],
    [
      'a claim that is not there',
      ['show', 'db'],
      [both, ['claim db', { stderr: 'NotFound', code: 1 }]],
      /NotFound/,
    ],
    ['no cluster', ['ls'], [['pods', { stderr: 'refused', code: 1 }]], /kubectl-loop: refused/],
  ])('says what is wrong where there is %s', async (_, args, answers, message) => {
    const { code, stderr } = await run(args, ...answers)
    expect(stderr).toMatch(message)
    expect(code).toBe(1)
  })
})
