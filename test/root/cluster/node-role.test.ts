import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { registrationProtocol } from '../../../src/csi/protocol.ts'
import { describeRoot } from '../../root.ts'
import { Authority } from '../../support/certificates.ts'
import { DriverProcess, TestNode } from '../../support/driver.ts'
import { Pages } from '../../support/pages.ts'
import { refusal } from '../../support/refusal.ts'
import { nothing } from '../../support/leftovers.ts'
import { ownNamespace } from '../../support/namespace.ts'
import { TestVolume, blockCapability, mountCapability } from '../../support/volume.ts'

describeRoot('a node in a cluster', () => {
  let node: TestNode
  let pages: Pages

  beforeEach(async () => {
    node = await TestNode.make()
    pages = await Pages.make()
  })

  afterEach(async () => {
    await using _cleared = node
    expect(await node.stop()).toEqual(nothing)
  })

  const registrationDir = (): string => join(node.path, 'plugins_registry')
  const args = (): string[] => [...pages.args, '--registration-dir', registrationDir()]
  const get = (path: string) => pages.get(path)

  it('is healthy at once, and ready when the kubelet has registered it', async () => {
    await node.start({ args: args(), within: ownNamespace(node.path, 'mount --make-rshared /') })
    expect(await get('/healthz')).toEqual([200, 'ok\n'])
    expect(await get('/readyz')).toEqual([503, 'the kubelet has not registered this driver yet\n'])
    await notify(join(registrationDir(), 'loop.csi.local-reg.sock'), { pluginRegistered: true })
    expect(await get('/readyz')).toEqual([200, 'ok\n'])
  })

  it('reports in the log and on request that its mounts would not be visible', async () => {
    await node.start({ args: args(), within: ownNamespace(node.path) })
    const [status, text] = await get('/readyz')
    expect(status).toBe(503)
    expect(text).toMatch(/\/pods is not visible to pods, because the mount .* is not shared/)
    expect(node.driver.log.some(({ msg }) => text.includes(msg))).toBe(true)
  })

  it('removes its registration at the end, and repairs it after a crash', async () => {
    await node.start({ args: args() })
    expect(await readdir(registrationDir())).toEqual(['loop.csi.local-reg.sock'])
    await node.crash({ args: args() })
    expect(await readdir(registrationDir())).toEqual(['loop.csi.local-reg.sock'])
    await node.driver.end('SIGTERM')
    expect(await readdir(registrationDir())).toEqual([])
  })

  it('serves metrics of its pools and calls', async () => {
    await node.start({ args: args() })
    await using volume = await new TestVolume(node, 'counted', { capability: blockCapability() }).create()
    await volume.stage()
    const [, text] = await get('/metrics')
    expect(text).toContain('csi_driver_loop_pool_volumes{pool="default"} 1\n')
    expect(text).toContain('csi_driver_loop_pool_snapshots{pool="default"} 0\n')
    expect(text).toContain(`csi_driver_loop_pool_provisioned_bytes{pool="default"} ${32 << 20}\n`)
    expect(text).toMatch(/^csi_driver_loop_pool_(size|free)_bytes\{pool="default"\} [1-9]/m)
    expect(text).toMatch(/^csi_driver_loop_loop_devices\{state="bound"\} [1-9]/m)
    expect(text).toContain(`csi_driver_loop_volume_capacity_bytes{pool="default",volume_id="${volume.id}"`)
    expect(text).toContain('csi_driver_loop_step_duration_seconds_count{step="attach",result="success"} 1\n')
    expect(text).toContain(
      'csi_driver_loop_rpc_duration_seconds_count{method="NodeStageVolume",code="OK"} 1\n',
    )
  })

  it('refuses file systems that are not available, by name, and continues with the others', async () => {
    const hidden = '/usr/sbin/mkfs.xfs'
    const within = ownNamespace(node.path, 'mount --make-rshared /', `mount --bind /dev/null ${hidden}`)
    await node.start({ args: pages.args, within })
    const why = /mkfs\.xfs is not installed: install the Debian package xfsprogs/
    expect((await get('/readyz')).join(' ')).toMatch(
      /^200 ok\nwarning: volumes with xfs are not available: mkfs\.xfs/,
    )
    const xfs = new TestVolume(node, 'xfs', { capability: mountCapability('xfs'), bytes: 1 << 30 })
    await expect(xfs.create()).rejects.toMatchObject(refusal('FAILED_PRECONDITION', why))
    const room = node.client.controller.getCapacity({ volumeCapabilities: [mountCapability('xfs')] })
    await expect(room).rejects.toMatchObject(refusal('FAILED_PRECONDITION', why))
    await using _ext4 = await new TestVolume(node, 'ext4').create()
  })

  it('loads neither the Kubernetes client nor, unless it is asked for, what traces', async () => {
    const hook = new URL('../../support/refuse-libraries.js', import.meta.url).href
    const within = ['env', `NODE_OPTIONS=--import=${hook}`]
    await node.start({ args: args(), within })
    expect((await get('/healthz'))[0]).toBe(200)
    const router = ['controller', '--endpoint', `unix://${node.path}/r.sock`, '--service', 'a/b', '--tls-dir']
    const authority = await Authority.make(join(node.path, 'authority'))
    const { stderr } = await new DriverProcess(
      [...router, await authority.issue(join(node.path, 'tls'))],
      within,
    ).exited
    expect(stderr).toContain('@kubernetes/client-node is not to be loaded here')
  })
})

function notify(socket: string, request: object): Promise<unknown> {
  const client = new Client(`unix:${socket}`, credentials.createInsecure())
  const method = registrationProtocol().NotifyRegistrationStatus as MethodDefinition<object, object>
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
      client.close()
      if (error) reject(error)
      else resolve(response)
    })
  })
}
