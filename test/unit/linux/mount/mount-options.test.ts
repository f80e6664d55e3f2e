import { describe, expect, it } from '@jest/globals'
import { mountFlags as f } from '../../../../src/linux/abi/mount.ts'
import { differingOptions, parseMountOptions } from '../../../../src/linux/mount/mount-options.ts'

describe('parseMountOptions', () => {
  it.each<[string, number]>([
    ['', 0],
    ['defaults', 0],
    ['ro', f.readOnly],
    ['nosuid,nodev,noexec', f.noSuid | f.noDev | f.noExec],
    ['sync,dirsync', f.synchronous | f.dirSync],
    ['noatime,nodiratime', f.noAtime | f.noDirAtime],
    ['nosymfollow', f.noSymFollow],
    ['lazytime,iversion,silent', f.lazyTime | f.iVersion | f.silent],
  ])('makes flags of %j', (options, flags) => {
    expect(parseMountOptions([options])).toEqual({ flags, data: null })
  })

  it.each<[string, number]>([
    ['ro,rw', 0],
    ['rw,ro', f.readOnly],
    ['nosuid,suid', 0],
    ['ro,nosuid,defaults', 0],
    ['noatime,relatime', f.relAtime],
    ['strictatime,noatime', f.noAtime],
    ['noatime,atime', 0],
  ])('lets the last one count in %j', (options, flags) => {
    expect(parseMountOptions(options.split(','))).toEqual({ flags, data: null })
  })

  it('passes on other options, in order', () => {
    expect(parseMountOptions(['nouuid', 'ro', 'logbufs=8'])).toEqual({
      flags: f.readOnly,
      data: 'nouuid,logbufs=8',
    })
  })

  it('keeps a comma inside quotes', () => {
    const context = 'context="system_u:object_r:t:s0:c1,c2"'
    expect(parseMountOptions([`${context},ro`])).toEqual({ flags: f.readOnly, data: context })
  })

  it.each(['noauto,nofail,_netdev', 'x-systemd.automount', 'comment=mine', 'user'])(
    'keeps from the kernel what only mount(8) knows: %s',
    (options) => {
      expect(parseMountOptions([options])).toEqual({ flags: 0, data: null })
    },
  )

  it.each(['bind', 'remount', 'rshared', 'constructor', 'Ro'])(
    'leaves it to the kernel to refuse %s',
    (option) => {
      expect(parseMountOptions([option])).toEqual({ flags: 0, data: option })
    },
  )
})

describe('differingOptions', () => {
  it.each<[shown: string, asked: string, differing: string[]]>([
    ['rw,relatime rw,errors=remount-ro', 'errors=remount-ro,nodiscard', []],
    ['ro,relatime ro', 'ro', []],
    ['rw,relatime rw', 'ro', ['ro']],
    ['rw,nosuid,nodev,noexec,noatime rw', 'nosuid,nodev,noexec,noatime', []],
    ['rw,noatime rw', '', ['noatime', 'relatime']],
    ['rw rw', 'strictatime', []],
    ['rw,relatime rw', 'strictatime', ['relatime']],
    ['rw,relatime rw,sync,lazytime', 'lazytime', ['sync']],
    ['rw,relatime rw,commit=30', 'commit=030', []],
    ['rw,relatime rw,commit=30', 'commit=30,commit=60', ['commit']],
    // What is not shown is a default, or unknown.
    ['rw,relatime rw', 'commit=5,data=ordered', []],
    ['rw,relatime rw,data=journal', 'data=writeback', ['data']],
    ['rw,relatime rw,compress=zstd:3', 'compress=zstd', []],
    ['rw,relatime rw,attr2,inode64,logbsize=32k', 'logbsize=32768', []],
  ])('of %j with %j asked for: %j', (shown, asked, differing) => {
    expect(differingOptions(shown.split(/[ ,]/), asked.split(',')).sort()).toEqual(differing.sort())
  })
})
