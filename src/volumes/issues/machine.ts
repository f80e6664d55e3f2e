import { messageOf } from '../model/errors.ts'
import type { IssueKind } from './issue-kind.ts'

interface Certificate {
  /** Which certificate it is. */
  readonly what: string
  readonly subject: string
  readonly notAfter: Date
}

const renew = (): string =>
  'renew it as docs/how-to/certificates.md says; changed certificates are loaded without a restart'

const certificateIssues = {
  CertificateExpiring: {
    severity: 'warning',
    message: ({ what, subject, notAfter }: Certificate) =>
      `${what} (${subject}) expires at ${notAfter.toISOString()}; then the controller and the nodes cannot connect to each other`,
    advice: 'remedy',
    remedy: renew,
  },
  CertificateExpired: {
    severity: 'error',
    message: ({ what, subject, notAfter }: Certificate) =>
      `${what} (${subject}) expired at ${notAfter.toISOString()}: the controller and the nodes cannot connect to each other`,
    advice: 'remedy',
    remedy: renew,
  },
  CertificateUnusable: {
    severity: 'error',
    message: ({ error }: { readonly error: unknown }) => messageOf(error),
    remedy: ({ directory }: { readonly directory: string }) =>
      `put a ca.crt, tls.crt and tls.key that belong together into ${directory}, as docs/how-to/certificates.md says`,
  },
} as const satisfies Record<string, IssueKind>

/** What a tool or a module that is missing prevents, and how to install it. */
interface Missing {
  readonly why: string
  readonly remedy: string
}

/** Issues of the machine, of the driver's process, and of its certificates. */
export const machineIssues = {
  ...certificateIssues,
  UserNamespace: {
    severity: 'error',
    message: () =>
      'this is a user namespace (rootless Docker or Podman, or hostUsers: false), in which the kernel allows no loop devices and no mounts of them',
    remedy: () => 'run the cluster with root',
  },
  PrivilegeMissing: {
    severity: 'error',
    message: ({ capability, purpose }: { readonly capability: string; readonly purpose: string }) =>
      `this process has no ${capability}, which it takes to ${purpose}`,
    remedy: () =>
      'run it as root; in a container, with securityContext.privileged: true (docker run --privileged)',
  },
  Ext4GrowsUnmountedOnly: {
    severity: 'warning',
    message: () =>
      'this process has no CAP_SYS_RESOURCE, so an ext4 volume in use grows only when its pod is restarted',
    remedy: () =>
      'give the container CAP_SYS_RESOURCE, or use xfs or btrfs for volumes that grow while they are used',
  },
  LoopModuleNotLoaded: {
    severity: 'error',
    // Opening the device node loads the module, so the driver may get it by creating the node.
    warnsOnly: ({ hasNode }: { readonly hasNode: boolean }) => !hasNode,
    message: ({ node }: { readonly node: string }) =>
      `there is no ${node}: the kernel has not loaded its loop module`,
    remedy: () => 'modprobe loop (on the machine, not in a container)',
  },
  LoopControlUnusable: {
    severity: 'error',
    message: ({ error }: { readonly error: unknown }) =>
      `loop devices are not available: ${messageOf(error)}`,
    remedy: () =>
      'run as root; in a container, privileged, not rootless, and with a /dev that is not mounted with nodev (mount -o remount,dev /dev)',
  },
  NoFreeLoopDevice: {
    severity: 'error',
    message: ({ limit, maxPart }: { readonly limit: number; readonly maxPart: number }) =>
      `all ${limit} loop devices that the kernel can make with loop.max_part=${maxPart} are in use, so that no volume can be staged`,
    remedy: () =>
      'detach unused ones (losetup --list, losetup --detach), or boot with a smaller loop.max_part',
  },
  DeviceNodeMissing: {
    severity: 'warning',
    message: ({ path }: { readonly path: string }) =>
      `${path} is attached to a volume, and its device node is missing here, or is stale`,
    remedy: ({ path, numbers }: { readonly path: string; readonly numbers: string }) =>
      `rm -f ${path} && mknod --mode=600 ${path} b ${numbers}`,
  },
  MountsNotPropagated: {
    severity: 'error',
    message: ({ path, mountPoint }: { readonly path: string; readonly mountPoint: string }) =>
      `what is mounted under ${path} is not visible to pods, because the mount ${mountPoint} is not shared`,
    remedy: () =>
      `give the container's mount of it mountPropagation Bidirectional, and on the node run "mount --make-rshared /"`,
  },
  ToolMissing: {
    severity: 'error',
    message: ({ why }: Missing) => why,
    remedy: ({ remedy }: Missing) => remedy,
  },
  FileSystemUnavailable: {
    severity: 'error',
    warnsOnly: ({ isDefault }: { readonly isDefault: boolean }) => !isDefault,
    message: ({ type, why }: Missing & { readonly type: string }) =>
      `volumes with ${type} are not available: ${why}`,
    remedy: ({ remedy }: Missing) => remedy,
  },
  FewOpenFiles: {
    severity: 'warning',
    message: ({ who, limit }: { readonly who: string; readonly limit: string }) =>
      `${who} may have ${limit} files open at once; when many volumes are staged together, calls fail with EMFILE`,
    remedy: ({ enough }: { readonly enough: number }) =>
      `raise the limit to ${enough} or more, and restart the driver: LimitNOFILE= of the service of the container runtime, or "ulimit -n" of the shell`,
  },
  TaskBlocked: {
    severity: 'warning',
    message: ({ task }: { readonly task: string }) =>
      `${task} waits uninterruptibly in the kernel for a disk, and calls wait for it`,
    remedy: ({ id }: { readonly id: string }) =>
      `make the disk answer: the kernel's log (dmesg) and /proc/${id}/stack show which; then the calls go on by themselves`,
  },
  DriverNotAnswering: {
    severity: 'error',
    message: ({ pid, error }: { readonly pid: number; readonly error: unknown }) =>
      `the driver (process ${pid}) runs, but ${messageOf(error)}`,
    remedy: ({ pid }: { readonly pid: number }) =>
      `check that --endpoint is the socket of this driver; if it is, read its log (kubectl logs), then kill ${pid}, so that it is restarted`,
  },
} as const satisfies Record<string, IssueKind>
