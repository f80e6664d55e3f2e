import { describe, expect, it } from '@jest/globals'
import { LinuxMounts } from '../../../../src/linux/mount/mounts.ts'
import { FakeErrno } from '../../../fakes/errno.ts'

const request = { source: '/dev/loop7', target: '/mnt', fsType: 'ext4', options: [] } as const

/** @param failures what the first calls of mount(2) answer; later ones succeed */
function mountsFailing(failures: readonly string[]) {
  let calls = 0
  const mount = (): Promise<void> => {
    const code = failures[calls++]
    return code === undefined ? Promise.resolve() : Promise.reject(new FakeErrno(code, 'mount'))
  }
  const unused = (): Promise<void> => Promise.reject(new Error('not called'))
  return { mounts: new LinuxMounts({ mount, umount2: unused, bindReadOnly: unused }), calls: () => calls }
}

describe('a mount of a device that another program has open exclusively', () => {
  it('waits for a moment', async () => {
    const { mounts, calls } = mountsFailing(['EBUSY', 'EBUSY'])
    await mounts.mount(request)
    expect(calls()).toBe(3)
  })

  it('fails when it does not end', async () => {
    const { mounts, calls } = mountsFailing(Array<string>(100).fill('EBUSY'))
    await expect(mounts.mount(request)).rejects.toMatchObject({ code: 'EBUSY' })
    expect(calls()).toBe(20)
  })

  it('fails at once for another reason', async () => {
    const { mounts, calls } = mountsFailing(['EINVAL'])
    await expect(mounts.mount(request)).rejects.toMatchObject({ code: 'EINVAL' })
    expect(calls()).toBe(1)
  })
})
