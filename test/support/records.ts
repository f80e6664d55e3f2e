import { open, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * `node records.ts DIRECTORY…`: for every number from 1 on, appends a record to the file `records` of each
 * directory, one after the other, each flushed before the next; then prints the number. Makes and renames
 * other files all the time, so that a file system whose metadata is torn is noticed.
 */
const RECORD_DIGITS = 15
const CHURN_FILES = 20

const directories = process.argv.slice(2)
const files = await Promise.all(directories.map((directory) => open(join(directory, 'records'), 'a')))
for (let number = 1; ; number++) {
  for (const file of files) {
    await file.write(`${`${number}`.padStart(RECORD_DIGITS, '0')}\n`)
    await file.datasync()
  }
  process.stdout.write(`${number}\n`)
  for (const directory of directories) {
    const path = join(directory, `churn-${number % CHURN_FILES}`)
    await writeFile(`${path}.new`, Buffer.alloc(((number * 7919) % 64) << 10, number))
    await rename(`${path}.new`, path)
  }
}
