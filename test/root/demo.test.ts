import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { describeRoot } from '../root.ts'
import { tool } from '../tool.ts'

const mainScript = join(import.meta.dirname, '../../demo/main.ts')

/** Some user that is not root; it need not have a name. */
const NOBODY = { uid: 65534 }

const steps = [
  /^Start the driver$/,
  /^Create a volume of \d+ MiB$/,
  /^Stage it/,
  /^Publish it to a pod$/,
  /^The pod writes 16 MiB$/,
  /^Run into the size limit$/,
  /^Expand it to \d+ MiB/,
  /^The pod writes 16 MiB more$/,
  /^Publish it to a second pod, read-only$/,
  /^Unpublish and unstage it$/,
  /^Stage it again and check the data$/,
  /^Use a raw block volume/,
  /^Delete both volumes$/,
  /^Stop the driver and check what is left$/,
]

interface Outcome {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

interface How {
  readonly uid?: number
  /** Sends SIGINT as soon as the output has this in it. */
  readonly interruptAt?: string
}

async function runDemo({ interruptAt, ...user }: How = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [mainScript], { stdio: ['ignore', 'pipe', 'pipe'], ...user })
  let stdout = ''
  let stderr = ''
  let interrupted = false
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    if (interruptAt === undefined || interrupted || !stdout.includes(interruptAt)) return
    interrupted = child.kill('SIGINT')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { exitCode, stdout, stderr }
}

/** Looks for what carries the name of the directory that the demo said it works in. */
async function expectNothingLeft({ stdout }: Outcome): Promise<void> {
  const directory = /^ +(\/.+\/csi-driver-loop-demo-\w+)$/m.exec(stdout)?.[1] ?? 'no directory was named'
  expect(directory).toMatch(/^\//)
  expect(existsSync(directory)).toBe(false)
  expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(directory)
  expect(await tool('losetup', '--list', '--output', 'BACK-FILE')).not.toContain(directory)
  expect(await tool('sh', '-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null || true')).not.toContain(directory)
}

function canRead(user: { uid: number }, path: string): boolean {
  return spawnSync('test', ['-r', path], user).status === 0
}

describeRoot('the demo', () => {
  it('prints the life cycle of a volume in plain lines, and leaves nothing', async () => {
    const outcome = await runDemo()
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' })
    const told = [...outcome.stdout.matchAll(/^(\d+)\. (.+)$/gm)].map(([, number, title]) => [number, title])
    expect(told).toEqual(
      steps.map((title, index) => [`${index + 1}`, expect.stringMatching(title) as unknown]),
    )
    expect(outcome.stdout).toContain('ENOSPC')
    expect(outcome.stdout).toMatch(/\nEverything worked, and nothing is left on this machine\.\n$/)
    expect(outcome.stdout).not.toContain('\x1b')
    await expectNothingLeft(outcome)
  })

  it('cleans up when it is interrupted with a volume in use', async () => {
    const outcome = await runDemo({ interruptAt: 'The pod writes' })
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stdout).toMatch(/\nStep \d+ \(".+"\) was interrupted: SIGINT\n/)
    await expectNothingLeft(outcome)
  })

  const itWithoutRoot = canRead(NOBODY, mainScript) && canRead(NOBODY, process.execPath) ? it : it.skip
  itWithoutRoot('says in one sentence what to do without root', async () => {
    const outcome = await runDemo(NOBODY)
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' })
    expect(outcome.stderr).toMatch(/^[^\n]*root[^\n]*\.\n$/)
  })
})
