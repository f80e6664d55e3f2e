import { describe, expect, it } from '@jest/globals'
import { checkPropagation } from '../../../src/linux/preflight/propagation.ts'
import { missingTools, sayMissing } from '../../../src/linux/preflight/tools.ts'
import { checkUserNamespace } from '../../../src/linux/preflight/user-namespace.ts'

describe('mount propagation', () => {
  const line = (target: string, optional = '') =>
    `36 35 98:0 / ${target} rw,noatime ${optional}- ext4 /dev/root rw\n`
  const kubelet = '/var/lib/kubelet'

  it.each([
    ['all is shared', line('/', 'shared:1 '), []],
    ['the kubelet directory is', line('/') + line(kubelet, 'shared:7 master:3 '), []],
    ['nothing is', line('/'), ['/var/lib/kubelet/plugins', '/var/lib/kubelet/pods']],
    [
      'it only receives',
      line('/', 'shared:1 ') + line(kubelet, 'master:3 '),
      ['/var/lib/kubelet/plugins', '/var/lib/kubelet/pods'],
    ],
    ['one of two folders is', line('/') + line(`${kubelet}/pods`, 'shared:2 '), ['/var/lib/kubelet/plugins']],
    ['the topmost is', line(kubelet) + line(kubelet, 'shared:2 '), []],
    ['a folder with a longer name is not meant', line('/', 'shared:1 ') + line(`${kubelet}/pods-old`), []],
  ])('where %s', (_, mountInfo, folders) => {
    const findings = checkPropagation(kubelet, mountInfo)
    expect(findings.map(({ message }) => /under (\S+)/.exec(message)?.[1])).toEqual(folders)
    expect(findings.every(({ severity }) => severity === 'error')).toBe(true)
  })
})

describe('a user namespace', () => {
  it('is none where all numbers are mapped to themselves', () => {
    expect(checkUserNamespace('         0          0 4294967295\n')).toEqual([])
  })

  it.each(['         0       1000          1\n', '0 0 65536\n', '0 1000 1\n1 100000 65536\n'])(
    'is told (%j)',
    (map) => {
      expect(checkUserNamespace(map)).toMatchObject([
        { severity: 'error', message: expect.stringMatching(/rootless/) },
      ])
    },
  )
})

describe('tools', () => {
  it('that are missing are named with their packages', async () => {
    expect(await missingTools(['sh', 'mkfs.nothing'])).toEqual(['mkfs.nothing'])
    expect(sayMissing(['mkfs.xfs', 'xfs_growfs'])).toBe(
      'mkfs.xfs and xfs_growfs are not installed: install the Debian package xfsprogs',
    )
  })
})
