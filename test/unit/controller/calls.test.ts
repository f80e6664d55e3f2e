import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { NodeDirectory } from '../../../src/controller/directory.ts'
import { addRoutes } from '../../../src/controller/router.ts'
import { noCluster } from '../../../src/controller/cluster-ports.ts'
import { connect, type CsiClient } from '../../../src/csi/client.ts'
import type { ControllerDefinition } from '../../../src/csi/generated/csi/v1/Controller.ts'
import { csi, type Handlers } from '../../../src/csi/protocol.ts'
import { CsiServer } from '../../../src/csi/server.ts'
import { volumeIdFor } from '../../../src/volumes/model/ids.ts'
import { Scratch } from '../../scratch.ts'
import { silent } from '../volumes/world.ts'
import { driverName } from './fake-cluster.ts'

/** What the node's service has got of a call. */
interface Received {
  readonly signal: AbortSignal
  readonly deadline: Date | number
}

describe('a call through the router', () => {
  const resources = new AsyncDisposableStack()
  let client: CsiClient
  let received: PromiseWithResolvers<Received>

  beforeAll(async () => {
    const scratch = resources.use(await Scratch.make())
    const [nodeSocket, routerSocket] = [join(scratch.path, 'node.sock'), join(scratch.path, 'router.sock')]
    const node = resources.use(new CsiServer(silent))
    const neverDone: Handlers<ControllerDefinition> = {
      // It is never done by itself.
      controllerGetVolume: async (_request, signal, deadline) => {
        received.resolve({ signal, deadline })
        await ended(signal)
        throw signal.reason
      },
    }
    node.add(csi().Controller, neverDone)
    await node.listen(nodeSocket)
    const nodes = resources.use(
      new NodeDirectory({ driverName, connect: (address) => connect(address), log: silent }),
    )
    nodes.update([{ name: 'w1', address: `unix:${nodeSocket}` }])
    const router = resources.use(new CsiServer(silent))
    addRoutes(router, nodes, { driverName, version: '1' })
    await router.listen(routerSocket)
    client = resources.use(connect(`unix:${routerSocket}`))
  })

  afterAll(() => resources.disposeAsync())

  beforeEach(() => {
    received = Promise.withResolvers<Received>()
  })

  const volumeId = volumeIdFor('w1', 'a')

  it('has the deadline of its caller, and ends by it', async () => {
    // gRPC sends what is left of the time, so the node's deadline is later by as much as the call was under
    // way.
    const wanted = Date.now() + 3000
    const call = client.controller.controllerGetVolume({ volumeId }, { deadline: wanted })
    const ending = expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED })
    const { deadline, signal } = await received.promise
    expect(Number(deadline)).toBeGreaterThan(wanted - 1000)
    expect(Number(deadline)).toBeLessThanOrEqual(Date.now() + 3000)
    await ending
    await ended(signal)
  })

  it('is cancelled with that of its caller', async () => {
    const cancel = new AbortController()
    const call = client.controller.controllerGetVolume({ volumeId }, { signal: cancel.signal })
    const { deadline, signal } = await received.promise
    expect(deadline).toBe(Infinity)
    cancel.abort()
    await expect(call).rejects.toMatchObject({ code: status.CANCELLED })
    await ended(signal)
  })
})

describe('volumes of a lost node', () => {
  it('is deleted already, and not found', async () => {
    await using resources = new AsyncDisposableStack()
    const scratch = resources.use(await Scratch.make())
    const socket = join(scratch.path, 'router.sock')
    const nodes = resources.use(
      new NodeDirectory({ driverName, connect: (address) => connect(address), log: silent }),
    )
    nodes.update([])
    const router = resources.use(new CsiServer(silent))
    const gone = volumeIdFor('gone', 'a')
    const isOnLostNode = (id: string): boolean => id === gone
    addRoutes(router, nodes, { driverName, version: '1' }, { ...noCluster, isOnLostNode })
    await router.listen(socket)
    const { controller, groupController } = resources.use(connect(`unix:${socket}`))
    await controller.deleteVolume({ volumeId: gone })
    await controller.deleteSnapshot({ snapshotId: gone })
    await groupController.deleteVolumeGroupSnapshot({ groupSnapshotId: gone })
    const unavailable = { code: status.UNAVAILABLE }
    await expect(controller.controllerGetVolume({ volumeId: gone })).rejects.toMatchObject(unavailable)
    const away = volumeIdFor('away', 'a')
    await expect(controller.deleteVolume({ volumeId: away })).rejects.toMatchObject(unavailable)
  })
})

describe('a call without the id that determines its node', () => {
  it.each([
    [
      'snapshot_id',
      ({ snapshotMetadata }: CsiClient) => snapshotMetadata.getMetadataAllocated({ startingOffset: 0 }),
    ],
    [
      'target_snapshot_id',
      ({ snapshotMetadata }: CsiClient) => snapshotMetadata.getMetadataDelta({ baseSnapshotId: 'base' }),
    ],
  ])('is told its field, %s', async (field, call) => {
    await using resources = new AsyncDisposableStack()
    const scratch = resources.use(await Scratch.make())
    const socket = join(scratch.path, 'router.sock')
    const nodes = resources.use(
      new NodeDirectory({ driverName, connect: (address) => connect(address), log: silent }),
    )
    const router = resources.use(new CsiServer(silent))
    addRoutes(router, nodes, { driverName, version: '1' })
    await router.listen(socket)
    const client = resources.use(connect(`unix:${socket}`))
    await expect(call(client).next()).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: `${field} is required`,
    })
  })
})

async function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve)
  })
}
