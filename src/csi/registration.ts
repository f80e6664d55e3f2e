import { join } from 'node:path'
import type { Logger } from 'pino'
import { socketPath } from './endpoint.ts'
import type { RegistrationDefinition } from './generated/pluginregistration/Registration.ts'
import { registrationProtocol, type Handlers } from './protocol.ts'
import { CsiServer } from './server.ts'

export interface RegistrationConfig {
  /** The kubelet's directory of plugin sockets. */
  readonly directory: string
  readonly driverName: string
  /** The path of the driver's CSI socket in the kubelet's mount namespace. */
  readonly endpoint: string
}

/** The only version that the kubelet accepts. */
const SUPPORTED_VERSIONS = ['1.0.0']

/**
 * Registers this driver with the kubelet, which watches a directory for sockets and calls GetInfo on each.
 * Start it after the CSI server: the kubelet calls the CSI socket before it confirms the registration.
 */
export class KubeletRegistration implements AsyncDisposable {
  readonly #config: RegistrationConfig
  readonly #log: Logger
  readonly #server: CsiServer
  #problem: string | undefined = 'the kubelet has not registered this driver yet'

  constructor(config: RegistrationConfig, log: Logger) {
    this.#config = config
    this.#log = log
    this.#server = new CsiServer(log)
  }

  /** Why this driver is not registered; undefined when it is. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** @throws VolumeError failed-precondition when another driver of this name serves the socket */
  async start(): Promise<void> {
    const { directory, driverName } = this.#config
    this.#server.add(registrationProtocol(), this.#handlers())
    await this.#server.listen(`unix://${join(directory, `${driverName}-reg.sock`)}`)
  }

  /** Removes the socket, after which the kubelet makes no more calls. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop()
  }

  #handlers(): Handlers<RegistrationDefinition> {
    const { driverName, endpoint } = this.#config
    return {
      getInfo: () => ({
        type: 'CSIPlugin',
        name: driverName,
        endpoint: socketPath(endpoint),
        supportedVersions: SUPPORTED_VERSIONS,
      }),
      notifyRegistrationStatus: ({ pluginRegistered, error }) => {
        this.#problem = pluginRegistered ? undefined : `the kubelet refused this driver: ${error}`
        if (pluginRegistered) this.#log.info('registered with the kubelet')
        else this.#log.error(this.#problem)
        return {}
      },
    }
  }
}
