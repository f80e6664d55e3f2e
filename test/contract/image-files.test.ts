import { describe } from '@jest/globals'
import { LinuxImageFiles } from '../../src/linux/images/image-files.ts'
import { imageFilesContract } from './image-files.ts'

// No fake: the real one needs neither root nor a device, so the unit tests use it too.
describe('ImageFiles: kernel', () => {
  imageFilesContract(new LinuxImageFiles())
})
