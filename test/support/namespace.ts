/**
 * A command to start a driver within: a mount namespace of its own, as a container has.
 *
 * It begins with copies of all mounts, which keep the devices of other tests in use for as long as it lives;
 * those are taken away.
 *
 * @param directory of the mounts that are needed, where there are any already
 * @param setUp commands that are run in it first
 */
export function ownNamespace(directory: string | undefined, ...setUp: string[]): string[] {
  // The source comes after the optional fields, which a hyphen ends (proc_pid_mountinfo(5)).
  const source = 'for (i = 7; $i != "-"; i++); source = $(i + 2)'
  const isOther = directory === undefined ? '1' : `index($5, "${directory}/") != 1`
  const others = `{ ${source}; if (source ~ "^/dev/loop" && ${isOther}) print $5 }`
  const forget = `awk '${others}' /proc/self/mountinfo | sort -r | xargs -r -n 1 umount --lazy 2>/dev/null || true`
  const script = [forget, ...setUp, 'exec "$@"'].join('\n')
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh']
}
