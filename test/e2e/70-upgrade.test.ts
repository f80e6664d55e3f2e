import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { nodeNames } from './support/cluster.ts'
import { install, uninstall } from './support/driver.ts'
import { Namespace } from './support/namespace.ts'
import { claim, ofClaim, pod } from './support/objects.ts'
import { checkNumbers, writerPod, writesOn } from './support/writer.ts'

let on: Namespace
let names: string[] = []

beforeAll(async () => {
  on = await Namespace.make(import.meta.filename)
  const nodes = await nodeNames()
  names = nodes.map((node) => `writer-${node}`)
  await on.apply(
    ...names.map((name) => claim(name)),
    claim('block', { volumeMode: 'Block' }),
    ...nodes.map((node) => writerPod(`writer-${node}`, { node })),
    pod('block', { blocks: { disk: ofClaim('block') } }),
  )
  await on.running([...names, 'block'])
  await on.shell('block', 'echo word | dd of=/dev/disk conv=fsync')
})

afterAll(async () => {
  await install()
  await on[Symbol.asyncDispose]()
})

async function expectAllWrite(): Promise<void> {
  for (const name of names) await writesOn(on, name, await checkNumbers(on, name))
  expect(await on.shell('block', 'head -n 1 /dev/disk')).toBe('word')
  for (const name of [...names, 'block'])
    expect(await on.get('pod', name)).toMatchObject({ status: { containerStatuses: [{ restartCount: 0 }] } })
}

describe('while pods use volumes', () => {
  it('the driver can be upgraded', async () => {
    await install('logLevel=debug')
    await expectAllWrite()
  })

  it('the driver can be uninstalled', async () => {
    await uninstall()
    await expectAllWrite()
  })

  it('and installed again, and finds all volumes', async () => {
    await install()
    await expectAllWrite()
    const [name = ''] = names
    const before = await checkNumbers(on, name)
    const node = await on.nodeOf(name)
    await on.delete('pod', name, 'block')
    await on.apply(writerPod(name, { node }), pod('block', { blocks: { disk: ofClaim('block') } }))
    await on.running([name, 'block'])
    expect(await writesOn(on, name, before)).toBeGreaterThan(before)
    expect(await on.shell('block', 'head -n 1 /dev/disk')).toBe('word')
    await on.delete('pod', ...names, 'block')
    await on.delete('pvc', ...names, 'block')
  })
})
