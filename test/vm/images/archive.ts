import { tool } from '../../tool.ts'

/**
 * Makes the archive of a directory that a kernel takes as its initramfs. Several archives, one behind the
 * other, are one initramfs (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
export async function makeArchive(directory: string, file: string): Promise<void> {
  const script = 'cd "$1" && find . -mindepth 1 -print0 | cpio --quiet --null --create --format=newc >"$2"'
  await tool('bash', '-o', 'pipefail', '-c', script, 'bash', directory, file)
}
