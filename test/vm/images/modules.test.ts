import { expect, it } from '@jest/globals'
import { loadingOrder } from './modules.ts'

const dependencies = `kernel/fs/ext4/ext4.ko.xz: kernel/fs/mbcache.ko.xz kernel/fs/jbd2/jbd2.ko.xz
kernel/fs/jbd2/jbd2.ko.xz:
kernel/fs/mbcache.ko.xz:
kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio_ring.ko.xz kernel/drivers/virtio/virtio.ko.xz
`

it('loads a module behind those that it needs, each of them once', () => {
  expect(loadingOrder(dependencies, ['virtio_blk', 'virtio_pci', 'jbd2', 'ext4'])).toEqual([
    'kernel/drivers/virtio/virtio.ko.xz',
    'kernel/drivers/virtio/virtio_ring.ko.xz',
    'kernel/drivers/block/virtio_blk.ko.xz',
    'kernel/fs/jbd2/jbd2.ko.xz',
    'kernel/fs/mbcache.ko.xz',
    'kernel/fs/ext4/ext4.ko.xz',
  ])
})
