import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { connect } from '../../src/csi/client.ts'
import { describeRoot } from '../root.ts'
import { blocksOf, ROOT } from '../support/doc-commands.ts'
import { eventually } from '../support/eventually.ts'
import { removeAll } from '../support/leftovers.ts'
import { blockCapability, MiB } from '../support/volume.ts'

describeRoot('docs/how-to/by-hand.md', () => {
  let temporary: string

  beforeEach(async () => {
    temporary = await realpath(await mkdtemp(join(tmpdir(), 'csi-driver-loop-')))
  })

  afterEach(async () => {
    await removeAll(temporary)
  })

  /** Those that `mktemp` made. */
  const ownDirectories = async (): Promise<string[]> =>
    (await readdir(temporary)).filter((name) => name.startsWith('tmp.'))

  /** As a sidecar does, by the controller's socket, when it is there. */
  async function createAndDelete(): Promise<void> {
    const [directory = ''] = await ownDirectories()
    using client = connect(`unix://${join(temporary, directory, 'controller.sock')}`)
    const { volume } = await client.controller.createVolume({
      name: 'data',
      capacityRange: { requiredBytes: MiB },
      volumeCapabilities: [blockCapability()],
    })
    await client.controller.deleteVolume({ volumeId: volume?.volumeId ?? '' })
  }

  it('works as written', async () => {
    const prefix = join(temporary, 'npm')
    const blocks = await blocksOf('how-to/by-hand.md')
    // The last one ends what the others have started.
    const script = [...blocks.slice(0, -1), 'read -r\n', ...blocks.slice(-1)].join('')
    const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: ROOT,
      env: {
        ...process.env,
        npm_config_prefix: prefix,
        PATH: `${prefix}/bin:${process.env['PATH'] ?? ''}`,
        TMPDIR: temporary,
      },
    })
    const output = Promise.all([text(shell.stdout), text(shell.stderr)])
    const end = once(shell, 'close')
    try {
      await Promise.race([end, eventually('a volume is made and deleted', createAndDelete)])
    } finally {
      shell.stdin.end('\n')
    }
    const [code] = (await end) as [number | null]
    expect({ code, said: code === 0 ? '' : (await output).join('') }).toEqual({ code: 0, said: '' })
    expect(await ownDirectories()).toEqual([])
  }, 180_000)
})
