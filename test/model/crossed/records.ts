import { constants, open, readFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import koffi from 'koffi'

/**
 * What is written to volumes: numbered records, each flushed before the next is begun. Record n is a block at
 * a place of its own, then the number in a place that all share. So a state of the volume from one point in
 * time has the records 1 to k, each of them whole, and the shared place says k or, between the two, k - 1.
 *
 * In a file system the records are appended to one file, and the shared place is another; a raw device has
 * the odd ones from its beginning on and the even ones before what is its end at that time.
 */

export const BLOCK_BYTES = 4096
const RECORDS = 'records'
const COUNTER = 'counter'
const BALLAST = 'ballast'
/** Of the whole: enough for a copy to take several steps. */
const BALLAST_PARTS = 4
const BALLAST_BYTES = 256 << 10
/** On a raw device, behind the first records. */
const BALLAST_OFFSET = 4 << 20
const SECTOR_BYTES = 512
const MAGIC = 'crossed!'

/** Where the records of a volume are written. */
export interface Target {
  readonly path: string
  readonly isBlock: boolean
}

function blockOf(number: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES, number & 0xff)
  block.write(MAGIC, 0)
  block.writeUInt32LE(number, MAGIC.length)
  return block
}

/** @returns 0 for what is not a record @throws for a record that is torn */
function numberIn(block: Buffer): number {
  if (block.toString('latin1', 0, MAGIC.length) !== MAGIC) return 0
  const number = block.readUInt32LE(MAGIC.length)
  if (!block.equals(blockOf(number))) throw new Error(`record ${number} is torn`)
  return number
}

function ballastOf(part: number): Buffer {
  const ballast = Buffer.alloc(BALLAST_BYTES)
  for (let at = 0; at < BALLAST_BYTES; at += BLOCK_BYTES)
    ballast.fill(1 + ((part * 64 + at / BLOCK_BYTES) % 255), at, at + BLOCK_BYTES)
  return ballast
}

/** Writes what never changes. To be called once, before the first record. */
export async function prepare({ path, isBlock }: Target): Promise<void> {
  if (isBlock) {
    await using device = await open(path, 'r+')
    for (let part = 0; part < BALLAST_PARTS; part++) {
      const at = BALLAST_OFFSET + 2 * part * BALLAST_BYTES
      await device.write(ballastOf(part), 0, BALLAST_BYTES, at)
    }
    await device.sync()
    return
  }
  for (const name of [RECORDS, COUNTER]) await (await open(join(path, name), 'wx')).close()
  for (let part = 0; part < BALLAST_PARTS; part++) {
    await using file = await open(join(path, `${BALLAST}-${part}`), 'wx')
    await file.write(ballastOf(part))
    await file.sync()
  }
  await using directory = await open(path, 'r')
  await directory.sync()
}

/**
 * Writes one record and flushes it.
 * @throws when the volume is not at the path any more: nothing is made there then
 */
export async function writeRecord({ path, isBlock }: Target, number: number): Promise<void> {
  if (isBlock) {
    await using device = await open(path, constants.O_RDWR | constants.O_DIRECT)
    const blocks = await deviceBlocks(device, path)
    // Numbers begin at 1, and block 0 is the counter.
    await writeBlock(device, blockOf(number), number % 2 === 1 ? number : blocks - number)
    await writeBlock(device, blockOf(number), 0)
    return
  }
  // By the open directory: an unmount cannot come between, and nothing lands in the directory below the
  // mount.
  await using directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  const root = `/proc/self/fd/${directory.fd}`
  await using records = await open(join(root, RECORDS), 'r+')
  await writeBlock(records, blockOf(number), number - 1)
  await using counter = await open(join(root, COUNTER), 'r+')
  await writeBlock(counter, blockOf(number), 0)
  // So that metadata that is torn is noticed.
  await (await open(join(root, `churn-${number % 8}-${number}`), 'w')).close()
}

/** Direct I/O wants memory that is aligned. Records are written one after another, so one block is enough. */
const aligned = alignedBlock()

function alignedBlock(): Buffer {
  const buffer = Buffer.alloc(2 * BLOCK_BYTES)
  const begin = -Number(koffi.address(buffer) % BigInt(BLOCK_BYTES)) & (BLOCK_BYTES - 1)
  return buffer.subarray(begin, begin + BLOCK_BYTES)
}

async function writeBlock(file: FileHandle, block: Buffer, at: number): Promise<void> {
  block.copy(aligned)
  await file.write(aligned, 0, BLOCK_BYTES, at * BLOCK_BYTES)
  await file.sync()
}

async function deviceBlocks(device: FileHandle, path: string): Promise<number> {
  const stat = await device.stat()
  if (!stat.isBlockDevice()) throw new Error(`${path} is no device`)
  const [major, minor] = [(stat.rdev >>> 8) & 0xfff, (stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00)]
  const sectors = await readFile(`/sys/dev/block/${major}:${minor}/size`, 'utf8')
  return (Number(sectors) * SECTOR_BYTES) / BLOCK_BYTES
}

/**
 * @returns how many records there are
 * @throws unless they are 1, 2, 3, …, each whole, with what was there before them
 */
export async function countRecords({ path, isBlock }: Target): Promise<number> {
  return isBlock ? countOnDevice(path) : countInFiles(path)
}

async function countInFiles(path: string): Promise<number> {
  for (let part = 0; part < BALLAST_PARTS; part++)
    requireBallast(await readFile(join(path, `${BALLAST}-${part}`)), part, path)
  const records = numbersIn(await readFile(join(path, RECORDS)))
  const counter = await readFile(join(path, COUNTER))
  return requireOrder(records, counter.length === 0 ? 0 : numberIn(counter), path)
}

async function countOnDevice(path: string): Promise<number> {
  const content = await readFile(path)
  for (let part = 0; part < BALLAST_PARTS; part++) {
    const at = BALLAST_OFFSET + 2 * part * BALLAST_BYTES
    requireBallast(content.subarray(at, at + BALLAST_BYTES), part, path)
  }
  const counter = numberIn(content.subarray(0, BLOCK_BYTES))
  const records = numbersIn(content.subarray(BLOCK_BYTES)).filter((number) => number > 0)
  // One that was written again after the device had grown is in two places.
  return requireOrder(
    [...new Set(records)].sort((a, b) => a - b),
    counter,
    path,
  )
}

function numbersIn(content: Buffer): number[] {
  return Array.from({ length: Math.ceil(content.length / BLOCK_BYTES) }, (_, index) =>
    numberIn(content.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)),
  )
}

function requireBallast(found: Buffer, part: number, path: string): void {
  if (!found.equals(ballastOf(part)))
    throw new Error(`${path}: part ${part} of what was there first is not as it was written`)
}

function requireOrder(records: readonly number[], counter: number, path: string): number {
  const count = records.length
  const found = `${path} has the records ${records.join(' ') || 'none'} and the counter ${counter}`
  if (records.some((number, index) => number !== index + 1)) throw new Error(`${found}: one is missing`)
  if (counter !== count && counter !== count - 1) throw new Error(`${found}, which were never there together`)
  return count
}
