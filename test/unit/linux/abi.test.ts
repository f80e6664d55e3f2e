import { describe, expect, it } from '@jest/globals'
import * as files from '../../../src/linux/abi/files.ts'
import * as loop from '../../../src/linux/abi/loop.ts'
import * as mount from '../../../src/linux/abi/mount.ts'
import * as processes from '../../../src/linux/abi/process.ts'
import * as capabilities from '../../../src/linux/process/capabilities.ts'
import { hasCompiler, valuesOf } from '../../support/c-headers.ts'

type Numbers = Readonly<Record<string, unknown>>

interface Layout {
  readonly type: string
  /** Ours, and the field of C; `bytes` is the size. */
  readonly ours: Readonly<Record<string, number>>
  readonly fields: Readonly<Record<string, string>>
}

interface Group {
  readonly headers: readonly string[]
  /** Those that are numbers are macros of the same name. */
  readonly numbers?: Numbers
  /** Ours under the name of C. */
  readonly renamed?: Numbers
  /** Constants of an enumeration, which no preprocessor sees. */
  readonly enumerated?: Numbers
  readonly layouts?: readonly Layout[]
}

/** Numbers that are no macros of any header: what stat(2) says, sizes, device numbers of devices.txt. */
const without = [
  'STAT_BLOCK_BYTES',
  'LOOP_CONTROL_MAJOR',
  'LOOP_CONTROL_MINOR',
  'LOOP_MAJOR',
  'OPEN_TREE_CLOEXEC',
]

const { FS_IOC_FIEMAP, ...otherFiles } = files
const fiemapNames = (name: string) => name.startsWith('FIEMAP_')
const uapiNames = (name: string) => /^(FI(CLONE|FREEZE|THAW|TRIM)|FALLOC_)/.test(name)
const enumeratedNames = ['FSCONFIG_SET_FLAG', 'FSCONFIG_SET_STRING', 'FSCONFIG_CMD_CREATE']
const f = mount.mountFlags

const groups: Readonly<Record<string, Group>> = {
  'loop devices': {
    headers: ['linux/loop.h', 'linux/fs.h', 'linux/blkpg.h'],
    numbers: loop,
    layouts: [
      {
        type: 'struct loop_info64',
        ours: loop.loopInfo,
        fields: {
          device: 'lo_device',
          inode: 'lo_inode',
          rdev: 'lo_rdevice',
          offset: 'lo_offset',
          sizeLimit: 'lo_sizelimit',
          number: 'lo_number',
          flags: 'lo_flags',
          fileName: 'lo_file_name',
        },
      },
      {
        type: 'struct loop_config',
        ours: loop.loopConfig,
        fields: { fd: 'fd', blockSize: 'block_size', info: 'info' },
      },
      {
        type: 'struct blkpg_ioctl_arg',
        ours: loop.blkpgArgument,
        fields: { op: 'op', dataBytes: 'datalen', data: 'data' },
      },
      { type: 'struct blkpg_partition', ours: loop.blkpgPartition, fields: { number: 'pno' } },
    ],
  },
  'file systems': {
    headers: ['linux/fs.h', 'linux/falloc.h', 'linux/fiemap.h', 'linux/magic.h'],
    numbers: only(otherFiles, (name) => fiemapNames(name) || uapiNames(name)),
    renamed: { FS_IOC_FIEMAP, BTRFS_SUPER_MAGIC: files.copyOnWriteTypes.btrfs },
    layouts: [
      {
        type: 'struct file_clone_range',
        ours: files.cloneRange,
        fields: { sourceFd: 'src_fd', sourceOffset: 'src_offset' },
      },
      {
        type: 'struct fstrim_range',
        ours: files.trimRange,
        fields: { start: 'start', length: 'len', minimumLength: 'minlen' },
      },
      {
        type: 'struct fiemap',
        ours: files.fiemap,
        fields: {
          start: 'fm_start',
          length: 'fm_length',
          flags: 'fm_flags',
          mapped: 'fm_mapped_extents',
          room: 'fm_extent_count',
          extents: 'fm_extents',
        },
      },
      {
        type: 'struct fiemap_extent',
        ours: files.fiemapExtent,
        fields: { logical: 'fe_logical', physical: 'fe_physical', length: 'fe_length', flags: 'fe_flags' },
      },
    ],
  },
  'open files': {
    headers: ['fcntl.h', 'sys/file.h', 'unistd.h'],
    numbers: only(otherFiles, (name) => !fiemapNames(name) && !uapiNames(name)),
  },
  'mount(2)': {
    headers: ['sys/mount.h'],
    renamed: {
      MS_RDONLY: f.readOnly,
      MS_NOSUID: f.noSuid,
      MS_NODEV: f.noDev,
      MS_NOEXEC: f.noExec,
      MS_SYNCHRONOUS: f.synchronous,
      MS_REMOUNT: f.remount,
      MS_DIRSYNC: f.dirSync,
      MS_NOSYMFOLLOW: f.noSymFollow,
      MS_NOATIME: f.noAtime,
      MS_NODIRATIME: f.noDirAtime,
      MS_BIND: f.bind,
      MS_SILENT: f.silent,
      MS_PRIVATE: f.private,
      MS_RELATIME: f.relAtime,
      MS_I_VERSION: f.iVersion,
      MS_STRICTATIME: f.strictAtime,
      MS_LAZYTIME: f.lazyTime,
      MNT_DETACH: mount.unmountFlags.detach,
      UMOUNT_NOFOLLOW: mount.unmountFlags.noFollow,
    },
  },
  'the mount API': {
    headers: ['fcntl.h', 'linux/mount.h', 'sys/syscall.h'],
    numbers: only(mount, (name) => !enumeratedNames.includes(name)),
    renamed: {
      SYS_open_tree: mount.mountApi.openTree,
      SYS_move_mount: mount.mountApi.moveMount,
      SYS_fsopen: mount.mountApi.fsopen,
      SYS_fsconfig: mount.mountApi.fsconfig,
      SYS_fsmount: mount.mountApi.fsmount,
      SYS_mount_setattr: mount.mountApi.mountSetattr,
      O_CLOEXEC: mount.OPEN_TREE_CLOEXEC,
    },
    enumerated: only(mount, (name) => enumeratedNames.includes(name)),
    layouts: [{ type: 'struct mount_attr', ours: mount.mountAttributes, fields: { set: 'attr_set' } }],
  },
  processes: {
    headers: ['signal.h', 'spawn.h', 'sys/mman.h', 'sys/wait.h'],
    numbers: only(processes, (name) => !['P_PID', 'CLD_EXITED'].includes(name) && !name.endsWith('_BYTES')),
    enumerated: { P_PID: processes.P_PID, CLD_EXITED: processes.CLD_EXITED },
    layouts: [
      {
        type: 'siginfo_t',
        ours: processes.siginfo,
        fields: { code: 'si_code', pid: 'si_pid', status: 'si_status' },
      },
      { type: 'sigset_t', ours: { bytes: processes.SIGNAL_SET_BYTES }, fields: {} },
    ],
  },
  capabilities: { headers: ['linux/capability.h'], numbers: capabilities },
}

function only(numbers: Numbers, isIn: (name: string) => boolean): Numbers {
  return Object.fromEntries(Object.entries(numbers).filter(([name]) => isIn(name)))
}

/** The numbers of a module, without its functions and tables. */
function numbersIn(numbers: Numbers = {}): [string, bigint][] {
  return Object.entries(numbers).flatMap(([name, value]): [string, bigint][] =>
    !without.includes(name) && (typeof value === 'number' || typeof value === 'bigint')
      ? [[name, BigInt(value)]]
      : [],
  )
}

function expressionsOf({ type, ours, fields }: Layout): [string, bigint][] {
  return Object.entries(ours).map(([name, value]) => {
    const expression = name === 'bytes' ? `sizeof(${type})` : `offsetof(${type}, ${fields[name] ?? name})`
    return [expression, BigInt(value)]
  })
}

describe('the interfaces of the kernel and the C library, by the headers of this machine', () => {
  const test = hasCompiler ? it : it.skip
  const note = hasCompiler ? '' : ' (not checked: there is no cc on this machine)'

  test.each(Object.entries(groups))(`%s${note}`, async (_, group) => {
    const macros = new Map([...numbersIn(group.numbers), ...numbersIn(group.renamed)])
    const constants = new Map([
      ...numbersIn(group.enumerated),
      ...(group.layouts ?? []).flatMap(expressionsOf),
    ])
    const values = await valuesOf({
      headers: group.headers,
      macros: [...macros.keys()],
      constants: [...constants.keys()],
    })
    const ours = [...macros, ...constants].filter(([name]) => values.has(name))
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(values))
    // Headers older than a call may lack its macros, but not most of them.
    expect(values.size).toBeGreaterThan((macros.size + constants.size) / 2)
  })

  test(`structures of posix_spawn(3) fit${note}`, async () => {
    const actions = 'sizeof(posix_spawn_file_actions_t)'
    const attributes = 'sizeof(posix_spawnattr_t)'
    const values = await valuesOf({ headers: ['spawn.h'], constants: [actions, attributes] })
    expect(values.get(actions)).toBeLessThanOrEqual(processes.SPAWN_ACTIONS_BYTES)
    expect(values.get(attributes)).toBeLessThanOrEqual(processes.SPAWN_ATTRIBUTES_BYTES)
  })
})
