import type { Architecture } from '../architectures.ts'

/** Tests that run in a guest of their own. */
export interface Run {
  readonly name: string
  /** Arguments of the kernel. */
  readonly append: readonly string[]
  readonly command: readonly string[]
}

/** The processor of a guest is emulated. */
const PATIENCE_MS = 600_000

function tests(...patterns: string[]): string[] {
  return ['npm', 'test', '--', `--testTimeout=${PATIENCE_MS}`, ...patterns]
}

const loop = ['test/contract/loop-devices', 'test/root/loop']

/** What depends on the kernel. */
const root = ['mounts', 'freeze', 'filesystems', 'btrfs-renew', 'write-trace', 'capabilities', 'namespace']
const csi = [
  'block',
  'snapshots',
  'freeze',
  'thick',
  'discard',
  'lifecycle',
  'publish-table',
  'growing-copies',
]

const runs: Readonly<Record<Architecture, readonly Run[]>> = {
  amd64: [
    { name: 'ways', append: ['loop.max_loop=0'], command: ['npm', 'run', 'test:guest'] },
    { name: 'loop devices', append: [], command: tests(...loop) },
    { name: 'loop.max_part=31', append: ['loop.max_part=31'], command: tests(...loop) },
    { name: 'without udev', append: ['vm.udev=off'], command: tests(...loop) },
    { name: 'ports', append: [], command: tests('test/contract/(mounts|filesystems|image)') },
    {
      name: 'kernel',
      append: [],
      command: tests(`test/root/(${root.join('|')})\\.test`, 'test/root/image-copier'),
    },
    { name: 'csi', append: [], command: tests(`test/root/csi/(${csi.join('|')})\\.test`) },
  ],
  // Its emulation is slower still.
  arm64: [
    { name: 'demo', append: [], command: ['npm', 'run', 'demo'] },
    { name: 'ways', append: ['loop.max_loop=0'], command: ['npm', 'run', 'test:guest'] },
    { name: 'loop devices', append: [], command: tests(...loop) },
  ],
}

export function runsOn(architecture: Architecture): readonly Run[] {
  return runs[architecture]
}

export const runNames = [...new Set(Object.values(runs).flatMap((list) => list.map(({ name }) => name)))]
