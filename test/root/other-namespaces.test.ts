import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { expect, it } from '@jest/globals'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { NODE_CAPABILITIES, only } from '../support/capabilities.ts'
import { startHolding } from '../support/holding.ts'
import { inAnotherNamespace } from '../support/shown-node.ts'
import { tool } from '../tool.ts'

const script = new URL('../support/count-mounts.ts', import.meta.url).pathname

/** Processes that see the same mounts, and one before them that sees the root file system only. */
const processes = `
mount -t tmpfs mounts "$1"; mkdir "$1/root" "$1/inner"; mount --bind / "$1/root"; mount -t tmpfs inner "$1/inner"
sleep 100 >&2 & first=$!
sleep 100 >&2 & second=$!
exec chroot "$1/root" sh -c "echo mounted; read _; kill $first $second"`

describeRoot('reading other mount namespaces', () => {
  it.each([
    ['with', []],
    ['without', only(NODE_CAPABILITIES)],
  ])('comes by each mount once, %s CAP_SYS_PTRACE', async (_, within) => {
    await using scratch = await Scratch.make()
    const directory = join(scratch.path, 'mounts')
    await mkdir(directory)
    await using _mounted = await startHolding([...inAnotherNamespace, 'sh', '-c', processes, 'sh', directory])
    const [first, ...rest] = [...within, execPath, script, join(directory, 'inner')] as const
    expect((await tool(first, ...rest)).trim()).toBe('1')
  })
})
