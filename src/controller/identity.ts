import type { IdentityDefinition } from '../csi/generated/csi/v1/Identity.ts'
import type { Handlers } from '../csi/handlers.ts'
import { identityService } from '../csi/identity.ts'
import type { NodeDirectory } from './directory.ts'

/** CSI's Identity service: the same driver as on the nodes. It is ready when it knows where they are. */
export function identityRoutes(
  nodes: NodeDirectory,
  driver: { readonly driverName: string; readonly version: string },
): Handlers<IdentityDefinition> {
  return {
    ...identityService({ ...driver, checkHealth: () => Promise.resolve() }),
    probe: () => ({ ready: { value: nodes.isKnown } }),
  }
}
