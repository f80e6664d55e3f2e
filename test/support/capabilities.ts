/** Those that the container of a node keeps (the DaemonSet of the chart). */
export const NODE_CAPABILITIES = ['sys_admin', 'mknod', 'dac_override', 'sys_resource']

/** The command that runs the one after it as root with these capabilities and no way to others. */
export function only(capabilities: readonly string[]): string[] {
  const set = ['-all', ...capabilities.map((capability) => `+${capability}`)].join(',')
  return ['setpriv', '--no-new-privs', '--inh-caps=-all', `--bounding-set=${set}`]
}
