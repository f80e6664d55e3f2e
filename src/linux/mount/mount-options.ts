import { mountFlags } from '../abi/mount.ts'

const f = mountFlags
const atime = f.noAtime | f.relAtime | f.strictAtime

interface FlagChange {
  readonly clear: number
  readonly set: number
}

const set = (flag: number): FlagChange => ({ clear: 0, set: flag })
const clear = (flag: number): FlagChange => ({ clear: flag, set: 0 })
const oneOf = (group: number, flag: number): FlagChange => ({ clear: group, set: flag })

/**
 * The options of mount(8) that are flags of mount(2). `bind`, `remount` and propagation are missing, because
 * they are other operations: as options they are passed to the kernel, which refuses them.
 */
const flagOptions: Readonly<Record<string, FlagChange>> = {
  defaults: { clear: f.readOnly | f.noSuid | f.noDev | f.noExec | f.synchronous, set: 0 },
  ro: set(f.readOnly),
  rw: clear(f.readOnly),
  nosuid: set(f.noSuid),
  suid: clear(f.noSuid),
  nodev: set(f.noDev),
  dev: clear(f.noDev),
  noexec: set(f.noExec),
  exec: clear(f.noExec),
  sync: set(f.synchronous),
  async: clear(f.synchronous),
  dirsync: set(f.dirSync),
  nosymfollow: set(f.noSymFollow),
  symfollow: clear(f.noSymFollow),
  noatime: oneOf(atime, f.noAtime),
  atime: clear(f.noAtime),
  nodiratime: set(f.noDirAtime),
  diratime: clear(f.noDirAtime),
  relatime: oneOf(atime, f.relAtime),
  norelatime: clear(f.relAtime),
  strictatime: oneOf(atime, f.strictAtime),
  nostrictatime: clear(f.strictAtime),
  lazytime: set(f.lazyTime),
  nolazytime: clear(f.lazyTime),
  iversion: set(f.iVersion),
  noiversion: clear(f.iVersion),
  silent: set(f.silent),
  loud: clear(f.silent),
}

/** Options for mount(8) or systemd, which no file system supports (mount(8), systemd.mount(5)). */
const forMountProgram = new Set([
  'auto',
  'noauto',
  'nofail',
  '_netdev',
  'user',
  'nouser',
  'users',
  'owner',
  'group',
])

function isForMountProgram(option: string): boolean {
  return forMountProgram.has(option) || option.startsWith('x-') || option.startsWith('comment=')
}

/**
 * Splits options as in fstab(5) into the flags and the data of mount(2). Of options that contradict each
 * other the last one counts, as with mount(8).
 * @param options each one option, or several with commas between them
 */
export function parseMountOptions(options: readonly string[]): { flags: number; data: string | null } {
  let flags = 0
  const data: string[] = []
  for (const option of options.flatMap(splitOptions)) {
    const change = Object.hasOwn(flagOptions, option) ? flagOptions[option] : undefined
    if (change) flags = (flags & ~change.clear) | change.set
    else if (!isForMountProgram(option)) data.push(option)
  }
  return { flags, data: data.length === 0 ? null : data.join(',') }
}

/**
 * The flags of a mount and of its file system in mountinfo, for all types (show_mnt_opts and show_sb_opts in
 * fs/proc_namespace.c).
 */
const shownFlags: Readonly<Record<string, number>> = {
  ro: f.readOnly,
  nosuid: f.noSuid,
  nodev: f.noDev,
  noexec: f.noExec,
  sync: f.synchronous,
  dirsync: f.dirSync,
  nosymfollow: f.noSymFollow,
  noatime: f.noAtime,
  nodiratime: f.noDirAtime,
  relatime: f.relAtime,
  lazytime: f.lazyTime,
}

/**
 * Options of file systems whose value mountinfo lists unchanged, unless it is the default. Other options are
 * listed in another form, or not at all, so a difference would prove nothing.
 */
const shownValues = ['commit', 'data', 'errors']

/**
 * Compares the options of a mount in mountinfo with those that a mount with other options would have there.
 * @returns the options in which they certainly differ; empty for the options of the mount itself
 */
export function differingOptions(shown: readonly string[], asked: readonly string[]): string[] {
  const { flags, data } = parseMountOptions(asked)
  const effective = effectiveFlags(flags)
  const differing = Object.entries(shownFlags)
    .filter(([name, flag]) => shown.includes(name) !== ((effective & flag) !== 0))
    .map(([name]) => name)
  const wanted = data === null ? [] : splitOptions(data)
  return [...differing, ...shownValues.filter((key) => contradict(valueOf(shown, key), valueOf(wanted, key)))]
}

/** The kernel's default for access times, as it lists it (path_mount in fs/namespace.c). */
function effectiveFlags(flags: number): number {
  return (flags & (f.noAtime | f.strictAtime)) === 0 ? flags | f.relAtime : flags & ~f.relAtime
}

function contradict(shown: string | undefined, asked: string | undefined): boolean {
  if (shown === undefined || asked === undefined || shown === asked) return false
  return !(Number(shown) === Number(asked))
}

/** The value of the last one, which takes precedence. */
function valueOf(options: readonly string[], key: string): string | undefined {
  return options.findLast((option) => option.startsWith(`${key}=`))?.slice(key.length + 1)
}

/**
 * A comma inside double quotes belongs to the value, as in SELinux's
 * `context="system_u:object_r:t:s0:c1,c2"`.
 */
function splitOptions(options: string): string[] {
  return options.match(/(?:"[^"]*"|[^,])+/g) ?? []
}
