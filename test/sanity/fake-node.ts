import { join } from 'node:path'
import { addControllerServices, addNodeService } from '../../src/cli/serve/driver.ts'
import { connect } from '../../src/csi/client.ts'
import { CsiServer } from '../../src/csi/server.ts'
import { assembleNode } from '../../src/volumes/assemble.ts'
import { together } from '../../src/volumes/model/observer.ts'
import { FakeFileSystems } from '../fakes/filesystems.ts'
import { makeFakeMachine } from '../fakes/machine.ts'
import { Scratch } from '../scratch.ts'
import type { TestHost } from '../support/host.ts'
import { noLimits, silent } from '../unit/volumes/world.ts'

export interface FakeNode extends TestHost, AsyncDisposable {
  /** The socket that the driver serves. */
  readonly endpoint: string
}

/** The driver of a node on the fakes, on a unix socket in this process. */
export async function serveFakeNode(): Promise<FakeNode> {
  await using resources = new AsyncDisposableStack()
  const scratch = resources.use(await Scratch.make())
  const path = scratch.path
  const config = { nodeId: 'n1', driverName: 'csi-driver-loop.example', maxVolumes: 10 }
  const node = resources.use(
    await assembleNode(
      makeFakeMachine((loops) => new FakeFileSystems(loops)),
      {
        nodeId: config.nodeId,
        pools: [{ name: 'default', path: join(path, 'pools', 'default'), limits: noLimits }],
        knownPoolsPath: join(path, 'known-pools'),
        mountsPath: join(path, 'mounts'),
        trimIntervalMs: 0,
      },
      together([]),
      silent,
    ),
  )
  const server = new CsiServer(silent)
  addControllerServices(server, node, config)
  addNodeService(server, node, config)
  const endpoint = `unix://${path}/csi.sock`
  await server.listen(endpoint)
  resources.use(server)
  const client = resources.use(connect(endpoint))
  const held = resources.move()
  return {
    ...{ id: config.nodeId, path, dataDir: path, client, endpoint },
    directory: (...names) => scratch.directory(join(...names)),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}
