interface KnownFailure {
  readonly tool: string
  readonly test: RegExp
  readonly reason: string
}

/** Tests that fail on every volume of the kind, with this or any driver. */
const knownFailures: readonly KnownFailure[] = [
  {
    tool: 'pjdfstest',
    test: /^rename::updates_link_parent$/,
    reason: 'a directory of btrfs has one link, whatever is in it, as POSIX allows',
  },
]

/** @returns undefined for a test whose failure nobody has explained */
export function knownReason(tool: string, test: string): string | undefined {
  return knownFailures.find((known) => known.tool === tool && known.test.test(test))?.reason
}
