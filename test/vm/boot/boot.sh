#!/bin/bash
# The second program of a guest, in its root: what a service manager does, then the command of the guest.
export PATH=/opt/programs/node_modules/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LC_ALL=C.UTF-8 TERM=dumb

# The file in /dev of the disk with this serial number.
disk() {
  local found
  for found in /sys/block/vd*; do
    [[ $(<"$found/serial") != "$1" ]] || echo "/dev/${found##*/}"
  done
}

# The file in /dev of the port to the host with this name.
port() {
  local found
  for found in /sys/class/virtio-ports/*; do
    [[ $(<"$found/name") != "$1" ]] || echo "/dev/${found##*/}"
  done
}

mkdir /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620 devpts /dev/pts
mount -t tmpfs shm /dev/shm
for link in fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "${link#*:}" "/dev/${link%%:*}"; done
# As systemd does it.
mount --make-rshared /
ulimit -Hn 524288
ulimit -Sn 1024
echo guest >/proc/sys/kernel/hostname
busybox ip link set lo up

mount -o ro "$(disk modules)" /usr/lib/modules
mount -o ro "$(disk programs)" /opt/programs
ln -s /opt/programs/npm/bin/npm-cli.js /usr/local/bin/npm
mount -o noatime "$(disk tree)" /csi-driver-loop
mount --bind /opt/programs/node_modules /csi-driver-loop/node_modules
# By the first use of these, modules are loaded (/dev/loop-control).
kmod static-nodes --format=tmpfiles | while read -r type path mode _ _ _ number; do
  [[ $type != [bc]* || -e $path ]] || { mkdir -p "${path%/*}"; mknod -m "$mode" "$path" "${type:0:1}" ${number/:/ }; }
done
if [[ $(</proc/cmdline) != *vm.udev=off* ]]; then
  /lib/systemd/systemd-udevd --daemon
  udevadm trigger --action=add
  udevadm settle
fi

cd /csi-driver-loop
VM_CONTROL=$(port control) VM_DISK=$(disk data)
export VM_CONTROL VM_DISK
# A pipe, as in a shell of a user: the port is a device that only one process at a time can open.
bash /run/vm/command </dev/null 2>&1 | cat >"$(port output)"
echo "exit ${PIPESTATUS[0]}" >"$VM_CONTROL"
# The host ends the guest when it has read that.
sleep infinity
