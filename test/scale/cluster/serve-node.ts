import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import type { Certificates } from '../../../src/csi/certificates.ts'
import { csi } from '../../../src/csi/protocol.ts'
import { CsiServer } from '../../../src/csi/server.ts'
import { forControllerOnly, MutualTlsCredentials } from '../../../src/csi/tls.ts'
import { hasErrno } from '../../../src/volumes/model/errors.ts'
import { freePort } from '../../support/cluster.ts'
import { silent } from '../../unit/volumes/world.ts'
import { behaving, type Behaviour } from './behaviour.ts'
import { SimulatedSnapshots } from './simulated-snapshots.ts'
import { SimulatedVolumes } from './simulated-volumes.ts'

export interface NodeSpec {
  readonly name: string
  /** The names of its volumes. */
  readonly volumes: readonly string[]
  readonly behaviour: Behaviour
}

/** A TCP port on the loopback interface where nothing listens: `tcpmux`, which no system serves. */
const REFUSING_PORT = 1

/** Serves a simulated node on a port of 127.0.0.1 until this process ends. */
export async function serveNode(spec: NodeSpec, certificates: Certificates): Promise<number> {
  switch (spec.behaviour) {
    case 'away':
      return REFUSING_PORT
    case 'stopped':
      return await acceptOnly()
    case 'well':
    case 'slow':
    case 'mute':
      return await serveCsi(spec, certificates)
  }
}

async function serveCsi(
  { name, volumes: names, behaviour }: NodeSpec,
  certificates: Certificates,
): Promise<number> {
  const volumes = new SimulatedVolumes(name, names)
  const snapshots = new SimulatedSnapshots(name, volumes, names)
  const { Controller, GroupController } = csi()
  for (;;) {
    const server = new CsiServer(silent, {}, forControllerOnly)
    server.add(Controller, behaving(behaviour, { ...volumes.handlers, ...snapshots.handlers }))
    server.add(GroupController, behaving(behaviour, snapshots.groupHandlers))
    const port = await freePort()
    try {
      await server.listenRemotely({ host: '127.0.0.1', port }, new MutualTlsCredentials(certificates))
      return port
    } catch (error) {
      if (!hasErrno(error, 'EADDRINUSE')) throw error
    }
  }
}

/** As the kernel does for a process that is stopped. */
async function acceptOnly(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
