import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** What is written, and acknowledged, before anything fails: each page is another one. */
const content = Buffer.alloc(256 << 10)
for (let page = 0; page < content.length; page += 4096) content.fill(1 + (page >> 12), page, page + 4096)

const NAME = 'content'

/** Into the root of a mounted file system. */
export async function writeContent(directory: string): Promise<void> {
  await writeFile(join(directory, NAME), content, { flush: true })
}

/** To the start of a raw device. */
export async function writeRawContent(device: string): Promise<void> {
  await writeFile(device, content, { flag: 'r+', flush: true })
}

export async function requireContent(directory: string): Promise<void> {
  requireEqual(await readFile(join(directory, NAME)), directory)
}

/** As requireContent, for an ext4 that is not mounted, and which has to be sound. */
export async function requireContentOfImage(image: string): Promise<void> {
  await execute('e2fsck', ['-f', '-n', image])
  const { stdout } = await execute('debugfs', ['-R', `cat ${NAME}`, image], { encoding: 'buffer' })
  requireEqual(stdout, image)
}

export async function requireRawContent(path: string): Promise<void> {
  requireEqual((await readFile(path)).subarray(0, content.length), path)
}

function requireEqual(found: Buffer, where: string): void {
  if (!found.equals(content)) throw new Error(`${where} does not have what was written there`)
}
