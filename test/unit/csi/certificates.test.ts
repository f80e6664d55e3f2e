import { closeSync, constants, openSync } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { Certificates } from '../../../src/csi/certificates.ts'
import { Scratch } from '../../scratch.ts'
import { Authority, controllerName } from '../../support/certificates.ts'
import { tool } from '../../tool.ts'
import { silent } from '../volumes/world.ts'

it('reads certificates that cannot be read now once, not again and again', async () => {
  await using scratch = await Scratch.make()
  const authority = await Authority.make(join(scratch.path, 'ca'))
  const directory = await authority.issue(join(scratch.path, 'controller'), { name: controllerName })
  const key = join(directory, 'tls.key')
  using _certificates = await Certificates.open(directory, silent, 1)
  // Who opens it waits for a writer. Renamed, because the certificates are being read.
  const fifo = join(scratch.path, 'fifo')
  await tool('mkfifo', fifo)
  await rename(fifo, key)
  try {
    await setTimeout(500)
    const looks = stat(directory).then(() => 'answered')
    expect(await Promise.race([looks, setTimeout(5000, 'all threads wait')])).toBe('answered')
  } finally {
    closeSync(openSync(key, constants.O_RDWR | constants.O_NONBLOCK))
  }
})
