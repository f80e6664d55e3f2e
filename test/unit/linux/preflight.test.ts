import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import { checkLoopControl, mostDevices } from '../../../src/linux/preflight/loop-devices.ts'
import { missingTools, problemOf } from '../../../src/linux/preflight/preflight.ts'
import {
  checkBlockedTasks,
  checkOpenFiles,
  checkPrivileges,
  checkPropagation,
  checkUserNamespace,
} from '../../../src/linux/preflight/process.ts'
import { CAP_MKNOD, CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from '../../../src/linux/process/capabilities.ts'

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
    expect(problemOf(['mkfs.xfs', 'xfs_growfs'])).toEqual({
      why: 'mkfs.xfs and xfs_growfs are not installed',
      remedy: 'install the Debian package xfsprogs (apt-get install xfsprogs)',
    })
  })
})

describe('privileges', () => {
  it.each([
    ['all', [CAP_SYS_ADMIN, CAP_MKNOD, CAP_SYS_RESOURCE], []],
    ['a sandbox', [CAP_SYS_ADMIN, CAP_MKNOD], ['Ext4GrowsUnmountedOnly']],
    ['no devices', [CAP_SYS_ADMIN, CAP_SYS_RESOURCE], ['PrivilegeMissing']],
    ['none', [], ['PrivilegeMissing', 'PrivilegeMissing', 'Ext4GrowsUnmountedOnly']],
  ])('%s', (_, granted, reasons) => {
    expect(checkPrivileges((capability) => granted.includes(capability)).map(({ reason }) => reason)).toEqual(
      reasons,
    )
  })
})

describe('loop devices', () => {
  it.each([
    [0, 1_048_576],
    [1, 524_288],
    [15, 65_536],
    [16, 32_768],
    [1_048_575, 1],
  ])('with loop.max_part=%d are %d at most', (maxPart, devices) => {
    expect(mostDevices(maxPart)).toBe(devices)
  })
})

describe('open files', () => {
  const limits = (hard: string) =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax open files            256                  ${hard}               files\n`

  it.each([
    ['unlimited', 0],
    ['1048576', 0],
    ['1024', 0],
    ['1023', 1],
  ])('at most %s', (hard, findings) => {
    expect(checkOpenFiles('self', limits(hard))).toHaveLength(findings)
  })
})

it('a driver that ends during the check has no problem', async () => {
  const { pid } = spawnSync('true')
  expect(checkOpenFiles(pid)).toEqual([])
  expect(await checkBlockedTasks(pid)).toEqual([])
})

describe('loop-control', () => {
  it.each([
    ['can be opened', '/dev/null', '/none', []],
    ['has no node, which the driver makes', '/dev/none', '/dev/null', []],
    ['is not there before the module is loaded', '/dev/none', '/none', ['warning LoopModuleNotLoaded']],
    ['cannot be opened', '/proc', '/none', ['error LoopControlUnusable']],
  ])('%s', async (_, node, registered, expected) => {
    const findings = await checkLoopControl(node, registered)
    expect(findings.map(({ reason, severity }) => `${severity} ${reason}`)).toEqual(expected)
  })
})
