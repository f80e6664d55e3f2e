import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { hasErrno, messageOf } from '../../volumes/model/errors.ts'
import type { Finding } from '../../volumes/health/finding.ts'

/** Whether loop devices can be had. Where there is no node, the driver makes one. */
export async function checkLoopControl(
  node = '/dev/loop-control',
  registered = '/sys/class/misc/loop-control',
): Promise<Finding[]> {
  try {
    await (await open(node, 'r+')).close()
    return []
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return existsSync(registered) ? [] : [notLoaded('warning', node)]
    if (hasErrno(error, 'ENODEV', 'ENXIO')) return [notLoaded('error', node)]
    return [
      {
        severity: 'error',
        reason: 'LoopControlUnusable',
        message: `loop devices cannot be had: ${messageOf(error)}`,
        cure: 'run as root; in a container, privileged, not rootless, and with a /dev that is not mounted with nodev (mount -o remount,dev /dev)',
      },
    ]
  }
}

function notLoaded(severity: Finding['severity'], node: string): Finding {
  return {
    severity,
    reason: 'LoopModuleNotLoaded',
    message: `there is no ${node}: the kernel has not loaded its loop module`,
    cure: 'modprobe loop (on the machine, not in a container)',
  }
}
