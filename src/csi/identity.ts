import type { IdentityDefinition } from './generated/csi/v1/Identity.ts'
import type { Handlers } from './protocol.ts'
import { VolumeError, messageOf } from '../volumes/model/errors.ts'

export interface IdentityDependencies {
  readonly driverName: string
  readonly version: string
  /** Rejects when the driver cannot work. */
  readonly checkHealth: () => Promise<unknown>
}

/** CSI's Identity service. */
export function identityService({
  driverName,
  version,
  checkHealth,
}: IdentityDependencies): Handlers<IdentityDefinition> {
  return {
    getPluginInfo: () => ({ name: driverName, vendorVersion: version }),

    getPluginCapabilities: () => ({
      capabilities: [
        { service: { type: 'CONTROLLER_SERVICE' } },
        { service: { type: 'VOLUME_ACCESSIBILITY_CONSTRAINTS' } },
        { service: { type: 'SNAPSHOT_ACCESSIBILITY_CONSTRAINTS' } },
        { service: { type: 'GROUP_CONTROLLER_SERVICE' } },
        { service: { type: 'SNAPSHOT_METADATA_SERVICE' } },
        { volumeExpansion: { type: 'ONLINE' } },
      ],
    }),

    probe: async () => {
      try {
        await checkHealth()
      } catch (error) {
        throw new VolumeError('failed-precondition', messageOf(error), { cause: error })
      }
      return { ready: { value: true } }
    },
  }
}
