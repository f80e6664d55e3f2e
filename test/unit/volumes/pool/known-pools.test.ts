import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { KnownPools } from '../../../../src/volumes/pool/known-pools.ts'
import { tool } from '../../../tool.ts'

describe('KnownPools', () => {
  it.each<[what: string, plant: (path: string) => Promise<unknown>]>([
    ['a FIFO', (path) => tool('mkfifo', path)],
    ['a symbolic link', (path) => symlink('/dev/zero', path)],
    ['half of a record', (path) => writeFile(path, '{"schemaVersion": 1')],
  ])(
    'says what to do about %s in the place of a file, and neither follows it nor waits',
    async (_, plant) => {
      await using directory = await mkdtempDisposable(join(tmpdir(), 'csi-driver-loop-'))
      const path = join(directory.path, 'known-pools')
      await mkdir(path)
      await plant(join(path, 'default.json'))
      await expect(new KnownPools(path).get('default')).rejects.toMatchObject({
        kind: 'failed-precondition',
        message: expect.stringContaining('default.json cannot be read; remove it'),
      })
    },
  )
})
