/** CSI's status of a volume: it works, but not as it should; it cannot be used now; content is lost. */
export type VolumeStatus = 'degraded' | 'inaccessible' | 'data-loss'

/** CSI's status of a pool. */
export type PoolStatus = 'degraded' | 'unreachable'

/**
 * How bad an issue is for the operator of the node. With an error something does not work, or data is in
 * danger; with a warning a part does not work, or may soon not work.
 */
export type Severity = 'error' | 'warning'

/**
 * A row of the catalogue. Each text says which facts it names.
 * @typeParam Facts those of the message, or of the remedy
 */
export interface IssueKind<Facts = never> {
  /** Undefined where no health call of CSI reports the issue. */
  readonly status?: VolumeStatus | PoolStatus
  readonly severity: Severity
  /** Where this holds, the severity is `warning` instead. */
  readonly warnsOnly?: (facts: Facts) => boolean
  /** What is wrong, and with what. */
  readonly message: (facts: Facts) => string
  /**
   * What to do, in reports that have a message only: health calls of CSI and events. `remedy`: the same.
   * Absent where the message itself says it.
   */
  readonly advice?: 'remedy' | ((facts: Facts) => string)
  /** What to do: the command, where there is one. */
  readonly remedy: (facts: Facts) => string
}

/** Where a remedy applies: the pool's directory, the image, or the mount point. */
export interface Place {
  readonly path: string
}

export const READ_THE_LOG = "check the kernel's log (dmesg --level=err,warn)"

export const upgrade = (): string =>
  'upgrade the driver to the version that wrote it, or a later one, and leave the file as it is'

/** The error that is the issue names its subject, and what to do. */
export const asTheErrorSays = ({ message }: { readonly message: string }): string => message

/** For a record or an image that cannot be used. */
export const restoreBoth = ({ path }: Place): string =>
  `restore the record and the image beside ${path} from a backup, then restart the driver`
