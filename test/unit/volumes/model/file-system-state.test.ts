import { describe, expect, it } from '@jest/globals'
import { types } from '../../../../src/linux/filesystems/types.ts'
import {
  fileSystemAction,
  FileSystemMissing,
  fileSystemOfCopy,
  type FileSystemState,
  type FoundContent,
} from '../../../../src/volumes/model/file-system-state.ts'
import type { FsType } from '../../../../src/volumes/model/ports/file-systems.ts'
import { volumeFixture } from '../fixtures.ts'

const own = '6d1e2f1c-0b62-4c1e-9d05-2f3a7f0c8a11'
const other = '11111111-2222-4333-8444-555555555555'

const states = {
  new: { state: 'new' },
  unknown: { state: 'unknown' },
  imported: { state: 'imported' },
  formatted: { state: 'formatted', uuid: own },
} as const satisfies Record<FileSystemState['state'], FileSystemState>

const blank: FoundContent = {
  hasData: true,
  type: undefined,
  partitionTable: undefined,
  uuid: undefined,
  unfinished: false,
}

const contents = {
  'never written': { ...blank, hasData: false },
  'blank with data': blank,
  'its own': { ...blank, type: 'ext4', uuid: own },
  'another of its type': { ...blank, type: 'ext4', uuid: other },
  'one without a UUID': { ...blank, type: 'ext4' },
  unfinished: { ...blank, type: 'ext4', uuid: own, unfinished: true },
  'another type': { ...blank, type: 'xfs', uuid: other },
  'a partition table': { ...blank, partitionTable: 'gpt' },
} satisfies Record<string, FoundContent>

const image = '/pool/disk.img'
const { repairs } = types.ext4
const volumeIn = (fileSystem: FileSystemState) => ({ ...volumeFixture, fileSystem })

function outcome(state: FileSystemState, found: FoundContent): string {
  try {
    return fileSystemAction(volumeIn(state), image, found, repairs)
  } catch (error) {
    if (error instanceof FileSystemMissing && error.kind === 'failed-precondition') return 'refuse'
    throw error
  }
}

describe('what a stage does with', () => {
  it.each<[keyof typeof contents, string, string, string, string]>([
    // content               new       unknown   imported  formatted
    ['never written', 'format', 'format', 'refuse', 'refuse'],
    ['blank with data', 'format', 'refuse', 'refuse', 'refuse'],
    ['its own', 'mount', 'mount', 'mount', 'mount'],
    ['another of its type', 'mount', 'mount', 'mount', 'refuse'],
    ['one without a UUID', 'mount', 'mount', 'mount', 'refuse'],
    ['unfinished', 'format', 'refuse', 'refuse', 'refuse'],
    ['another type', 'refuse', 'refuse', 'refuse', 'refuse'],
    ['a partition table', 'refuse', 'refuse', 'refuse', 'refuse'],
  ])('an image with %s: new %s, unknown %s, imported %s, formatted %s', (content, ...expected) => {
    const found = Object.values(states).map((state) => outcome(state, contents[content]))
    expect(found).toEqual(expected)
  })

  it('a file system that never had a UUID still has none when it is checked again', () => {
    const state = { state: 'formatted', uuid: '' } as const
    expect(outcome(state, contents['one without a UUID'])).toBe('mount')
    expect(outcome(state, contents['its own'])).toBe('refuse')
  })
})

describe('the message of a refusal', () => {
  const message = (found: FoundContent, fsType: FsType = 'ext4'): string => {
    try {
      return fileSystemAction({ ...volumeIn(states.formatted), fsType }, image, found, types[fsType].repairs)
    } catch (error) {
      return (error as Error).message
    }
  }

  it.each([
    ['ext4', 'e2fsck -f -y -b 32768 -B 4096 <device>'],
    ['xfs', 'xfs_repair <device>'],
    ['btrfs', 'btrfs rescue super-recover -y <device>'],
  ] as const)('names volume, image, UUID and the commands that repair an %s', (fsType, command) => {
    const said = message(contents['blank with data'], fsType)
    for (const word of [volumeFixture.id, image, `${fsType} (UUID ${own})`]) expect(said).toContain(word)
    expect(said).toContain(
      `(csi-driver-loop loop attach ${image}; ${command}; csi-driver-loop loop detach <device>)`,
    )
  })

  it.each([
    ['ext4', `tune2fs -U ${own} <device>`],
    ['xfs', `xfs_admin -U ${own} <device>`],
    ['btrfs', `btrfstune -f -M ${own} <device>`],
  ] as const)('tells how an %s gets its UUID back', (type, command) => {
    const said = message({ ...blank, type, uuid: other }, type)
    expect(said).toContain(other)
    expect(said).toContain(command)
  })

  it('advises no repair where there is nothing to repair', () => {
    expect(message(contents['never written'])).not.toContain('attach')
    expect(message(contents['another type'])).toMatch(/has xfs where its ext4 \(UUID .*\) should be/)
    expect(message(contents['a partition table'])).toContain('has a gpt partition table')
  })
})

it.each<[keyof typeof states, keyof typeof states | 'deleted', keyof typeof states]>([
  ['new', 'new', 'new'],
  ['new', 'formatted', 'unknown'],
  ['new', 'unknown', 'unknown'],
  ['new', 'deleted', 'unknown'],
  ['unknown', 'formatted', 'unknown'],
  ['imported', 'formatted', 'imported'],
  ['formatted', 'formatted', 'formatted'],
  ['formatted', 'deleted', 'formatted'],
])('a copy of a volume that is %s before and %s after it is made is %s', (before, after, copy) => {
  const later = after === 'deleted' ? undefined : states[after]
  expect(fileSystemOfCopy(states[before], later)).toEqual(states[copy])
})
