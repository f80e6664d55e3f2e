import { ownNamespace } from './namespace.ts'

/** To start a driver within: as on a kind node, with a /dev of its own without udev. */
export function ownDev(directory: string): string[] {
  return ownNamespace(
    directory,
    'mount -t tmpfs -o mode=755 dev /dev',
    'mknod -m 666 /dev/null c 1 3',
    'mknod -m 666 /dev/urandom c 1 9',
  )
}
