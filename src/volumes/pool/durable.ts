import { open, rename, rm } from 'node:fs/promises'

/** Flushes a file, or the entries of a directory, to the disk (fsync(2)). */
export async function flush(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

/** Writes a new or truncated file and flushes its content. */
export async function writeFlushed(path: string, text: string): Promise<void> {
  await using handle = await open(path, 'w', 0o600)
  await handle.writeFile(text)
  await handle.sync()
}

/**
 * Replaces a file as one step: after a crash there is the old or the new one, whole.
 * @param between what is to be done when the new one has its place on the disk and does not count yet; when it fails, the
 * old one stays
 */
export async function replaceFile(
  directory: string,
  name: string,
  text: string,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const temporary = `${directory}/.${name}.new`
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(temporary, { force: true }))
  await writeFlushed(temporary, text)
  await between()
  await rename(temporary, `${directory}/${name}`)
  undo.move()
  await flush(directory)
}
