import { GiB } from '../../support/volume.ts'
import { makeSparse } from '../../support/images.ts'
import { tool } from '../../tool.ts'

/** Makes an ext4 with the content of a directory, with room for more. The file is sparse. */
export async function makeDiskImage(image: string, directory: string, gibibytes = 8): Promise<void> {
  await makeSparse(image, gibibytes * GiB)
  const options = ['-E', 'nodiscard,lazy_itable_init=1,lazy_journal_init=1', '-m', '0']
  await tool('mke2fs', '-q', '-F', '-t', 'ext4', ...options, '-d', directory, image)
}
