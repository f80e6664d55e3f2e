import { open, readFile, type FileHandle } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const BYTES = 1 << 20
const EIO = 5

describeRoot('a simulated disk', () => {
  let scratch: Scratch
  let disk: SimulatedDisk
  let file: FileHandle

  beforeEach(async () => {
    scratch = await Scratch.make()
    disk = await SimulatedDisk.make(scratch.path, { bytes: BYTES, keepsJournal: true })
    file = await open(disk.file, 'r+')
  })

  afterEach(async () => {
    await file.close()
    await disk[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  it('keeps what is written, and a journal of it with its data', async () => {
    await disk.mark('begun')
    await file.write(Buffer.alloc(8192, 'a'), 0, 8192, 4096)
    await file.sync()
    expect(await readFile(disk.file)).toEqual(
      Buffer.concat([Buffer.alloc(4096), Buffer.alloc(8192, 'a'), Buffer.alloc(BYTES - 12288)]),
    )
    expect(await disk.journal()).toEqual([
      { type: 'mark', text: 'begun' },
      { type: 'write', offset: 4096, length: 8192, at: 0 },
      { type: 'flush' },
    ])
    expect(await readFile(disk.data)).toEqual(Buffer.alloc(8192, 'a'))
  })

  it('fails the requests that it is told to, which change nothing', async () => {
    await disk.behave({ write: { errno: EIO, after: 1, count: 1 }, flush: { errno: EIO } })
    await file.write('first', 0)
    await expect(file.write('other', 0)).rejects.toMatchObject({ code: 'EIO' })
    await file.write('third', 4096)
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
    expect(await disk.seen()).toEqual({ write: 3, flush: 1 })
    await disk.behave({})
    await file.sync()
    expect((await readFile(disk.file)).toString('latin1', 0, 5)).toBe('first')
  })

  it('does not answer until it is told to', async () => {
    await disk.behave({ write: { hangs: true } })
    let isWritten = false
    const writing = file.write('late', 0).then(() => {
      isWritten = true
    })
    while (((await disk.seen()).write ?? 0) === 0);
    expect(isWritten).toBe(false)
    await disk.behave({})
    await writing
    expect((await readFile(disk.file)).toString('latin1', 0, 4)).toBe('late')
  })
})
