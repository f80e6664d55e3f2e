import type { Crossing } from './crossing.ts'
import type { Copying } from './world.ts'

interface Regression {
  readonly copying: Copying
  readonly crossing: Crossing
}

/** Crossings that are always tried: those that once deviated, made short. */
export const regressions: Readonly<Record<string, Regression>> = {
  'a volume that gets another device while its writes are flushed for a clone': {
    copying: 'traced',
    crossing: {
      kind: 'ext4',
      operation: 'clone',
      isUsed: true,
      step: 'LOOP_GET_STATUS64 /dev/loop# 2',
      besides: [{ call: 'restage', volume: 'a' }],
      end: 'release',
    },
  },
  'an xfs that grows while it is copied': {
    copying: 'traced',
    crossing: {
      kind: 'xfs',
      operation: 'snapshot',
      isUsed: true,
      step: 'copy_file_range 1',
      besides: [{ call: 'nodeExpand', volume: 'a' }],
      end: 'release',
    },
  },
  'a volume that is unmounted lazily while it is frozen, and still published': {
    copying: 'traced',
    crossing: {
      kind: 'ext4',
      operation: 'snapshot',
      isUsed: true,
      step: 'FIFREEZE 1 +4',
      besides: [
        { call: 'write', records: 1 },
        { call: 'lazyUnmount', volume: 'a', of: 'staging' },
      ],
      end: 'release',
    },
  },
  'a volume that is unmounted everywhere while it is frozen': {
    copying: 'traced',
    crossing: {
      kind: 'xfs',
      operation: 'snapshot',
      isUsed: true,
      step: 'FIFREEZE 1 +4',
      besides: [
        { call: 'lazyUnmount', volume: 'a', of: 'staging' },
        { call: 'lazyUnmount', volume: 'a', of: 'target' },
      ],
      end: 'release',
    },
  },
  'a driver that has no descriptors left when it thaws': {
    copying: 'shared',
    crossing: {
      kind: 'ext4',
      operation: 'group',
      isUsed: true,
      step: 'FICLONE 1',
      besides: [{ call: 'write', records: 1 }, { call: 'noDescriptors' }],
      end: 'release',
    },
  },
  'a volume that is staged, though nobody has waited for it to be restored': {
    copying: 'shared',
    crossing: {
      kind: 'xfs',
      operation: 'restore',
      isUsed: true,
      step: 'step 4',
      besides: [{ call: 'abandon' }, { call: 'restage', volume: 'copy' }],
      end: 'release',
    },
  },
  'a driver that is killed while a volume is frozen whose image was removed': {
    copying: 'shared',
    crossing: {
      kind: 'ext4',
      operation: 'group',
      isUsed: true,
      step: 'FIFREEZE 1 +9',
      besides: [
        { call: 'removeImage', volume: 'a' },
        { call: 'write', records: 2 },
      ],
      end: 'kill',
    },
  },
  'a snapshot that is made again when it is deleted': {
    copying: 'shared',
    crossing: {
      kind: 'btrfs',
      operation: 'snapshot',
      isUsed: true,
      step: 'FIFREEZE 1 +17',
      besides: [{ call: 'write', records: 1 }, { call: 'deleteSnapshot' }, { call: 'again' }],
      end: 'release',
    },
  },
  'a clone that is made again when it is deleted': {
    copying: 'shared',
    crossing: {
      kind: 'block',
      operation: 'clone',
      isUsed: true,
      step: 'a step that it never comes to',
      besides: [{ call: 'write', records: 1 }, { call: 'delete', volume: 'copy' }, { call: 'again' }],
      end: 'release',
    },
  },
  'a snapshot while its volume is being unmounted lazily': {
    copying: 'traced',
    crossing: {
      kind: 'ext4',
      operation: 'snapshot',
      isUsed: true,
      step: 'step 1',
      besides: [
        { call: 'delete', volume: 'a' },
        { call: 'lazyUnmount', volume: 'a', of: 'target' },
        { call: 'snapshot' },
        { call: 'lazyUnmount', volume: 'a', of: 'staging' },
        { call: 'publish', volume: 'a' },
      ],
      end: 'release',
    },
  },
}
