import { expect, it } from '@jest/globals'
import { remainsIn } from '../../e2e/support/remains.ts'

const PODS = '/var/lib/kubelet/pods/1234/volumes'
const STAGED = '/var/lib/kubelet/plugins/kubernetes.io/csi/loop.csi.local/5678'

it('directories, and mounts of volumes, are what is left on a node', () => {
  const text = [
    '/var/lib/csi-driver-loop/pools/default/volumes/a',
    '',
    '26 21 0:23 / /sys ro,nosuid - sysfs sysfs ro',
    `41 26 0:41 / ${PODS}/kubernetes.io~projected/token rw - tmpfs tmpfs rw`,
    `42 26 7:3 / ${PODS}/kubernetes.io~csi/pvc-1/mount rw - ext4 /dev/loop3 rw`,
    `43 26 7:3 / ${STAGED}/globalmount rw shared:1 - ext4 /dev/loop3 rw`,
  ]
  expect(remainsIn(text.join('\n'))).toEqual([
    'directory /var/lib/csi-driver-loop/pools/default/volumes/a',
    `mount ${PODS}/kubernetes.io~csi/pvc-1/mount`,
    `mount ${STAGED}/globalmount`,
  ])
})
