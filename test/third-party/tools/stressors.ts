import type { Kind } from '../places/kinds.ts'

/** The classes of stress-ng whose stressors are run on a kind of volume. */
export const classesOf = (kind: Kind): readonly string[] =>
  kind === 'block' ? ['device'] : ['filesystem', 'io']

/** Stressors that act on the whole machine, or not on the volume, and what they do instead. */
export const excluded: Readonly<Record<string, string>> = {
  'bad-ioctl': 'sends ioctls to every device of the machine',
  'bind-mount': 'binds the root of the machine with all that is mounted below',
  binderfs: 'mounts binderfs, which has no device',
  dup: 'duplicates descriptors of /dev/zero',
  eventfd: 'has no file',
  fanotify: 'marks all file systems of the machine',
  full: 'writes to /dev/full',
  getdent: 'reads /proc, /dev, /sys and /run',
  handle: 'opens /dev/zero by its handle',
  io: 'calls sync(2) for all file systems of the machine, and nothing else',
  kvm: 'makes virtual machines',
  loop: 'makes and removes loop devices of its own',
  null: 'writes to /dev/null',
  procfs: 'reads /proc',
  rawdev: 'reads another device: the one of the same driver with the minor number 0',
  urandom: 'reads /dev/urandom',
  zero: 'reads /dev/zero',
}

/** So that no file is larger than the volume, and a short run flushes what it has written. */
export const sizes: Readonly<Record<string, readonly string[]>> = {
  'copy-file': ['--copy-file-bytes', '128m'],
  fallocate: ['--fallocate-bytes', '256m'],
  hdd: ['--hdd-bytes', '64m'],
  iomix: ['--iomix-bytes', '64m'],
  readahead: ['--readahead-bytes', '32m'],
  revio: ['--revio-bytes', '64m'],
  seek: ['--seek-size', '256m'],
  'sync-file': ['--sync-file-bytes', '64m'],
}

/** Those of the sample, of each kind of volume. */
export const sampled: Readonly<Record<Kind, readonly string[]>> = {
  ext4: ['fallocate', 'rename', 'xattr'],
  xfs: ['hdd', 'fpunch'],
  btrfs: ['copy-file', 'lockf'],
  block: ['dev'],
}
