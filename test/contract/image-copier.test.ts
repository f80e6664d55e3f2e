import { LinuxImageCopier } from '../../src/linux/images/image-copier.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { tool } from '../tool.ts'
import { describeImageCopier, type ImageCopierWorld } from './image-copier.ts'
import { describeImageDifferences } from './image-differences.ts'

// No fake: the real one needs neither root nor a device, so the unit tests use it too.
describeImageCopier('LinuxImageCopier', false, plainWorld)
describeImageDifferences('LinuxImageCopier', plainWorld)

describeRoot('on a file system that shares blocks', () => {
  describeImageCopier('LinuxImageCopier on xfs', true, () => sharingWorld('xfs'))
  describeImageDifferences('LinuxImageCopier on xfs', () => sharingWorld('xfs'))
  describeImageCopier('LinuxImageCopier on btrfs', true, () => sharingWorld('btrfs'))
  describeImageDifferences('LinuxImageCopier on btrfs', () => sharingWorld('btrfs'))
})

/** In the directory for temporary files, whose file system is taken for one that does not share blocks. */
async function plainWorld(): Promise<ImageCopierWorld> {
  const scratch = await Scratch.make()
  return {
    copier: new LinuxImageCopier(),
    directory: scratch.path,
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  }
}

async function sharingWorld(type: 'xfs' | 'btrfs'): Promise<ImageCopierWorld> {
  const scratch = await Scratch.make()
  const device = await scratch.device(1n << 30n)
  await tool(`mkfs.${type}`, '-q', device)
  const directory = await scratch.directory('mnt')
  await tool('mount', device, directory)
  return {
    copier: new LinuxImageCopier(),
    directory,
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  }
}
