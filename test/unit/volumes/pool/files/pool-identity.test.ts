import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { KnownPools } from '../../../../../src/volumes/pool/files/pool-identity.ts'
import { tool } from '../../../../tool.ts'

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
        reason: 'PoolDamaged',
        message: expect.stringMatching(/default\.json cannot be read; make sure .* then remove this file/),
      })
    },
  )

  it('never advises removing the file of a newer driver, which protects a disk that is not mounted', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'csi-driver-loop-'))
    await writeFile(join(directory.path, 'default.json'), '{"schemaVersion": 2, "pool": {"id": "x"}}')
    const refused = new KnownPools(directory.path).get('default')
    await expect(refused).rejects.toMatchObject({ reason: 'PoolOfNewerDriver' })
    await expect(refused).rejects.toThrow(/schemaVersion 2, this driver knows 1: .*upgrade the driver again/)
    await expect(refused).rejects.not.toThrow(/remove/)
  })
})
