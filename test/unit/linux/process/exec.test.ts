import { mkdtempDisposable, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { CommandError } from '../../../../src/linux/process/command-error.ts'
import { run } from '../../../../src/linux/process/exec.ts'
import { VolumeError } from '../../../../src/volumes/model/errors.ts'

const { signal } = new AbortController()

const shell = (script: string, options: { signal?: AbortSignal; timeoutMs?: number } = {}) =>
  run('sh', ['-c', script], { signal, ...options })

async function failureOf(running: Promise<unknown>): Promise<unknown> {
  return running.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** Whether the process whose number this is still runs. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('run', () => {
  it('returns both outputs', async () => {
    expect(await shell('echo out; echo err >&2')).toEqual({ stdout: 'out\n', stderr: 'err\n' })
  })

  it('passes arguments as they are, without a shell', async () => {
    expect((await run('printf', ['%s', '$HOME; *'], { signal })).stdout).toBe('$HOME; *')
  })

  it('gives the command a fixed environment with the sbin directories, and no input', async () => {
    const { stdout } = await shell('echo "$LC_ALL:$PATH:$HOME"; cat')
    expect(stdout).toMatch(/^C:\/usr\/local\/sbin:.*:\/sbin:\/bin:\n$/)
  })

  it('keeps the beginning of a long output, and does not block the command', async () => {
    const { stdout } = await shell('echo begin; head -c 10000000 /dev/zero; true')
    expect(stdout).toHaveLength(64 * 1024)
    expect(stdout.startsWith('begin')).toBe(true)
  })

  it("fails with the last line of the command's output", async () => {
    const error = await failureOf(shell('echo banner; for i in 1 2 3 4; do echo reason $i >&2; done; exit 3'))
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({ command: 'sh', exitCode: 3, signal: null, stdout: 'banner\n' })
    expect(String(error)).toMatch(/failed with exit code 3: reason 2 reason 3 reason 4$/)
  })

  it('prints the standard output of a command without standard error', async () => {
    await expect(shell('echo wrong; exit 4')).rejects.toThrow('failed with exit code 4: wrong')
  })

  it('reports a command that another process has ended', async () => {
    const error = await failureOf(shell('kill -TERM $$'))
    expect(error).toMatchObject({ exitCode: null, signal: 'SIGTERM' })
    expect(String(error)).toContain('was ended by SIGTERM')
  })

  it('suggests a lack of memory when the kernel has killed the command', async () => {
    const error = await failureOf(shell('kill -KILL $$'))
    expect(error).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
    expect(String(error)).toMatch(/SIGKILL, which the driver did not send: .*memory limit/)
  })

  it('lets the kernel kill the command before us when memory runs out', async () => {
    // A moment after its start.
    const { stdout } = await shell('until [ $(cat /proc/$$/oom_score_adj) = 1000 ]; do :; done; echo set')
    expect(stdout).toBe('set\n')
  })

  it('kills a command that has stalled', async () => {
    const error = await failureOf(run('sleep', ['60'], { signal, stallMs: 100 }))
    expect(String(error)).toContain('sleep 60 was killed because it did nothing for 0.1 seconds')
  })

  it('leaves all threads free, with any number of hanging commands', async () => {
    const aborting = new AbortController()
    const hanging = Array.from({ length: 100 }, () =>
      failureOf(run('sleep', ['600'], { signal: aborting.signal })),
    )
    // Answered by a thread, and so are commands that are started.
    await stat('/')
    expect(await shell('echo done')).toMatchObject({ stdout: 'done\n' })
    aborting.abort(new Error('enough'))
    for (const error of await Promise.all(hanging)) expect(error).toMatchObject({ message: 'enough' })
  })

  it('kills a command that takes too long', async () => {
    const error = await failureOf(run('sleep', ['60'], { signal, timeoutMs: 50 }))
    expect(error).toMatchObject({ signal: 'SIGKILL' })
    expect(String(error)).toContain('sleep 60 was killed because it took longer than 0.05 seconds')
  })

  it('when aborted kills the command, waits for its end, and rejects with the reason', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'csi-driver-loop-'))
    const pidFile = join(directory.path, 'pid')
    const aborting = new AbortController()
    const reason = new Error('the caller went away')
    const running = failureOf(
      shell(`trap "" TERM INT; echo $$ >${pidFile}; exec sleep 60`, { signal: aborting.signal }),
    )
    await shell(`until [ -s ${pidFile} ]; do sleep 0.01; done`)
    const pid = Number(await readFile(pidFile, 'utf8'))
    expect(isRunning(pid)).toBe(true)
    aborting.abort(reason)
    expect(await running).toBe(reason)
    expect(isRunning(pid)).toBe(false)
  })

  it('does not start anything when aborted before', async () => {
    await expect(shell('exit 1', { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow(
      'too late',
    )
  })

  it('returns the result of a command that was faster than the abort', async () => {
    const aborting = new AbortController()
    const { stdout } = await shell('echo done', { signal: aborting.signal })
    aborting.abort()
    expect(stdout).toBe('done\n')
  })

  it('names the package of a missing tool', async () => {
    const message = 'mkfs.none is not installed on this machine'
    const unknown = await failureOf(run('mkfs.none', [], { signal }))
    expect(unknown).toBeInstanceOf(VolumeError)
    expect(unknown).toMatchObject({ kind: 'failed-precondition', message })
    const known = run('mkfs.none', [], { signal, debianPackage: 'none-progs' })
    await expect(known).rejects.toThrow(`${message}: install the Debian package none-progs`)
  })

  it('fails for a file that is no program', async () => {
    await expect(run('/etc/passwd', [], { signal })).rejects.toMatchObject({ code: 'EACCES' })
  })
})
