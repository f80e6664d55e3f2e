import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { execPath } from 'node:process'
import { expect, it } from '@jest/globals'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { HungMount } from '../support/hung-mount.ts'

const script = new URL('../support/leave-with-call.ts', import.meta.url).pathname

describeRoot('a process that exits', () => {
  it('ends even if one of its calls does not return', async () => {
    await using scratch = await Scratch.make()
    const directory = await scratch.directory('hung')
    await using _hung = await HungMount.over(directory)
    const child = spawn(execPath, [script, directory], { stdio: 'inherit' })
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
