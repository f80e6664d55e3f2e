import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { freeze } from '../../../../src/volumes/node/freeze.ts'
import { FakeErrno } from '../../../fakes/errno.ts'
import { FakeMounts } from '../../../fakes/mounts.ts'

class MountsThatThawLate extends FakeMounts {
  failures = 0

  override async thaw(mountPoint: string): Promise<boolean> {
    if (this.failures-- > 0) throw new FakeErrno('ENOMEM', `thaw ${mountPoint}`)
    return super.thaw(mountPoint)
  }
}

let directory: string
let mounts: MountsThatThawLate

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'csi-freeze-'))
  mounts = new MountsThatThawLate()
  await mounts.mount({ source: '/dev/loop0', target: directory, fsType: 'ext4', options: [] })
})

afterEach(async () => {
  await rm(directory, { recursive: true })
})

it('thaws also when that fails at first', async () => {
  mounts.failures = 3
  {
    await using _frozen = await freeze(mounts, 'v', directory)
    expect(mounts.frozen.size).toBe(1)
  }
  expect(mounts.frozen.size).toBe(0)
})

it('says so when it cannot be thawed at all', async () => {
  mounts.failures = Infinity
  const frozen = await freeze(mounts, 'v', directory)
  await expect(frozen[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'ENOMEM' })
})
