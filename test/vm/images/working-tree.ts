import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { tool } from '../../tool.ts'
import { makeDiskImage } from './disk-image.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Makes the image of a disk with the working tree as it is, without what Git ignores: a directory that is
 * shared with a guest would be another file system than users have, and slow.
 * @param directory an existing one, for the image and what it is made of
 * @returns its path
 */
export async function workingTreeImage(directory: string): Promise<string> {
  const [tree, image] = [join(directory, 'tree'), join(directory, 'tree.img')]
  const script =
    'cd "$1" && git ls-files -z --cached --others --exclude-standard --deduplicate | ' +
    'while IFS= read -r -d "" file; do [ ! -e "$file" ] || printf "%s\\0" "$file"; done | ' +
    'tar --create --null --files-from=- | tar --extract --directory "$2"'
  await tool('mkdir', '--parents', join(tree, 'node_modules'))
  await tool('bash', '-o', 'pipefail', '-c', script, 'bash', ROOT, tree)
  await makeDiskImage(image, tree, 4)
  await tool('rm', '-r', tree)
  return image
}
