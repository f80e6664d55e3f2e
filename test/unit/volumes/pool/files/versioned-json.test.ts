import { mkdtempDisposable, readFile, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import * as v from 'valibot'
import { NewerRecordError, VersionedJson } from '../../../../../src/volumes/pool/files/versioned-json.ts'

/** Version 2 renamed `colour` to `color`, version 3 added `size`. */
const kind = new VersionedJson(v.object({ color: v.string(), size: v.number() }), [
  ({ colour, ...others }) => ({ ...others, color: colour }),
  (record) => ({ ...record, size: 1 }),
])

describe('VersionedJson', () => {
  it.each([
    [
      { schemaVersion: 1, colour: 'red' },
      { color: 'red', size: 1 },
    ],
    [
      { schemaVersion: 2, color: 'red' },
      { color: 'red', size: 1 },
    ],
    [
      { schemaVersion: 3, color: 'red', size: 7 },
      { color: 'red', size: 7 },
    ],
    [
      { schemaVersion: 3, color: 'red', size: 7, more: true },
      { color: 'red', size: 7 },
    ],
  ])('reads %j', (record, read) => {
    expect(kind.parse(JSON.stringify(record))).toEqual(read)
  })

  it('reads its own output, which has the newest version', () => {
    const text = kind.print({ color: 'red', size: 7 })
    expect(text).toBe('{\n  "schemaVersion": 3,\n  "color": "red",\n  "size": 7\n}\n')
    expect(kind.parse(text)).toEqual({ color: 'red', size: 7 })
  })

  it('prints sizes as decimal strings', () => {
    expect(kind.print({ bytes: 2n ** 60n })).toContain('"bytes": "1152921504606846976"')
  })

  it.each([4, 3.5, 99])('reports that a newer driver has written version %d, for any content', (version) => {
    const parse = () => kind.parse(JSON.stringify({ schemaVersion: version, colour: 1 }))
    expect(parse).toThrow(NewerRecordError)
    expect(parse).toThrow(expect.objectContaining({ found: version, known: 3 }))
  })

  it.each([
    ['', /JSON/],
    ['{"schemaVersion": 3, "color"', /JSON/],
    ['null', /Invalid type/],
    ['{}', /Expected "schemaVersion"/],
    ['{"schemaVersion": "3"}', /Invalid type/],
    ['{"schemaVersion": 0}', 'schemaVersion is 0; this driver knows 3'],
    ['{"schemaVersion": -1}', 'schemaVersion is -1; this driver knows 3'],
    ['{"schemaVersion": 1.5}', 'schemaVersion is 1.5; this driver knows 3'],
    ['{"schemaVersion": 1}', /^color: /],
    ['{"schemaVersion": 2}', /^color: /],
    ['{"schemaVersion": 3, "color": "red", "size": "7"}', /^size: /],
  ])('refuses the damaged %j', (text, words) => {
    expect(() => kind.parse(text)).toThrow(words)
    expect(() => kind.parse(text)).not.toThrow(NewerRecordError)
  })

  it('replaces a file, and leaves no other', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'csi-driver-loop-'))
    const file = join(directory.path, 'record.json')
    await writeFile(file, 'old')
    await kind.write(file, { color: 'red', size: 7 })
    expect(kind.parse(await readFile(file, 'utf8'))).toEqual({ color: 'red', size: 7 })
    expect(await readdir(directory.path)).toEqual(['record.json'])
  })
})
