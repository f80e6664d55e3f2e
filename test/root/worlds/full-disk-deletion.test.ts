import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { describeRoot } from '../../root.ts'
import { TestNode } from '../../support/driver.ts'
import { writeUntilFull } from '../../support/full-disk.ts'
import { MiB, TestVolume } from '../../support/volume.ts'

describeRoot('a disk that is full to the last block', () => {
  it.each(['ext4', 'xfs', 'btrfs'] as const)('of %s lets volumes be deleted', async (type) => {
    await using node = await TestNode.make({ type, bytes: 400 * MiB })
    const config = join(node.path, 'config.yaml')
    await writeFile(config, 'pools: { default: { overcommit: 1000, whenFull: fail } }')
    await node.start({ args: ['--config', config] })
    const volumes = await Promise.all(
      Array.from({ length: 8 }, (_, number) => new TestVolume(node, `v${number}`).create()),
    )
    await writeUntilFull(join(node.path, 'filler'))
    for (const { id } of volumes) await node.client.controller.deleteVolume({ volumeId: id })
    expect((await node.files()).filter((name) => !name.startsWith('.'))).toEqual([])
    await rm(join(node.path, 'filler'))
  })
})
