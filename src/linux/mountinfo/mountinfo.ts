import type { MountEntry } from '../../volumes/model/ports/mounts.ts'

/** The content of one line of /proc/self/mountinfo. */
export interface MountInfo extends Omit<MountEntry, 'loop'> {
  /** The mount ID, unique while it is mounted. */
  readonly id: number
  /** The mount ID of the mount that it is mounted on. */
  readonly parentId: number
  /** `major:minor` of the file system, which on btrfs differs from st_dev of its files. */
  readonly device: string
  /**
   * Mounts under it appear in the other namespaces that share it, and theirs in this one
   * (mount_namespaces(7)).
   */
  readonly shared: boolean
}

/**
 * Reads the text of /proc/self/mountinfo (proc_pid_mountinfo(5)), in the kernel's order.
 * @throws Error for any other text
 */
export function parseMountInfo(text: string): MountInfo[] {
  const mounts: MountInfo[] = []
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    mounts.push(parseLine(text.slice(start, end)))
    start = end + 1
  }
  return mounts
}

/** Finds the mount with this number without parsing the others: there may be thousands. */
export function findMountById(text: string, id: number): MountInfo | undefined {
  const prefix = `${id} `
  const start = text.startsWith(prefix) ? 0 : text.indexOf(`\n${prefix}`) + 1
  if (start === 0 && !text.startsWith(prefix)) return undefined
  const end = text.indexOf('\n', start)
  return parseLine(text.slice(start, end < 0 ? text.length : end))
}

/**
 * True for types that can span several devices: their mounts have a device number of their own, and the
 * device's path as their source. The source of other types proves nothing: a user of FUSE chooses it.
 */
export function hasOwnDeviceNumber({ fsType }: MountInfo): boolean {
  return fsType === 'btrfs'
}

/** The fields that come first; then any number of optional fields, which end with a hyphen. */
const FIXED_FIELDS = 6
const END_OF_OPTIONAL = '-'

function parseLine(line: string): MountInfo {
  const fields = line.split(' ')
  const hyphen = fields.indexOf(END_OF_OPTIONAL, FIXED_FIELDS)
  const [id, parentId, device = '', root, target, mountOptions] = fields
  const [fsType, source, superOptions] = hyphen < 0 ? [] : fields.slice(hyphen + 1)
  if (
    root === undefined ||
    target === undefined ||
    mountOptions === undefined ||
    superOptions === undefined
  ) {
    throw new Error(`not a line of /proc/self/mountinfo: ${line}`)
  }
  const options = [...mountOptions.split(','), ...superOptions.split(',')].map(unescape)
  return {
    id: Number(id),
    parentId: Number(parentId),
    device,
    shared: fields.slice(FIXED_FIELDS, hyphen).some((field) => field.startsWith('shared:')),
    target: unescape(target),
    source: unescape(source ?? ''),
    fsType: unescape(fsType ?? ''),
    root: unescape(root),
    readOnly: options.includes('ro'),
    options,
  }
}

/**
 * The kernel writes white space, `#` and `\` as three octal digits, so that a line can be split at its
 * spaces.
 */
function unescape(field: string): string {
  if (!field.includes('\\')) return field
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
