/**
 * A command to start a driver within: a mount namespace of its own, as a container has.
 *
 * A mount namespace begins with copies of all mounts, which keep the devices of other tests in use for as
 * long as it lives. Those are unmounted.
 *
 * @param directory of the mounts that are needed, where there are any already
 * @param setUp commands that are run in it first
 */
export function ownNamespace(directory: string | undefined, ...setUp: string[]): string[] {
  const script = [unmountOthers(directory), ...setUp, 'exec "$@"'].join('\n')
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh']
}

/** A container's namespaces: other processes are not visible in it. */
export function containerNamespaces(directory: string | undefined): string[] {
  return [...ownNamespace(directory), 'unshare', '--pid', '--fork', '--mount-proc']
}

/** A shell command that unmounts loop devices, except in the directory. */
export function unmountOthers(directory: string | undefined): string {
  // The source comes after the optional fields, which a hyphen ends (proc_pid_mountinfo(5)).
  const source = 'for (i = 7; $i != "-"; i++); source = $(i + 2)'
  const isOther = directory === undefined ? '1' : `index($5, "${directory}/") != 1`
  const others = `{ ${source}; if (source ~ "^/dev/loop" && ${isOther}) print $5 }`
  return `awk '${others}' /proc/self/mountinfo | sort -r | xargs -r -n 1 umount --lazy 2>/dev/null || true`
}
