import type { Step } from './operations.ts'

/**
 * Sequences that are always tried: those that once deviated, made short, and those that need several calls to
 * line up.
 */
export const regressions: Readonly<Record<string, readonly Step[]>> = {
  'a clone that outlives its source and a crash': [
    { call: 'create', volume: 'ext4-a', size: 8 },
    { call: 'stage', volume: 'ext4-a' },
    { call: 'publish', volume: 'ext4-a' },
    { call: 'write', volume: 'ext4-a', stamp: 7 },
    { call: 'create', volume: 'ext4-b', size: 16, source: { type: 'volume', name: 'ext4-a' } },
    { call: 'unpublish', volume: 'ext4-a' },
    { call: 'unstage', volume: 'ext4-a' },
    { call: 'delete', volume: 'ext4-a' },
    { restart: 'SIGKILL' },
    { call: 'stage', volume: 'ext4-b' },
    { call: 'publish', volume: 'ext4-b' },
    { call: 'read', volume: 'ext4-b' },
  ],
  'a snapshot that is deleted while it is restored': [
    { call: 'create', volume: 'block-a', size: 8 },
    { call: 'snapshot', snapshot: 'block-snapshot-a', volume: 'block-a' },
    {
      pair: [
        {
          call: 'create',
          volume: 'block-b',
          size: 8,
          source: { type: 'snapshot', name: 'block-snapshot-a' },
        },
        { call: 'deleteSnapshot', snapshot: 'block-snapshot-a' },
      ],
    },
    { call: 'listVolumes' },
  ],
  'a volume that is deleted while it is snapshotted': [
    { call: 'create', volume: 'ext4-c', size: 8 },
    {
      pair: [
        { call: 'snapshot', snapshot: 'ext4-snapshot-a', volume: 'ext4-c' },
        { call: 'delete', volume: 'ext4-c' },
      ],
    },
  ],
}
