/** An error with the name of an errno as `code`, as the kernel's come out of src/linux and node:fs. */
export class FakeErrno extends Error {
  readonly code: string

  constructor(code: string, what: string) {
    super(`${what}: ${code} (injected or imitated by a fake)`)
    this.name = 'FakeErrno'
    this.code = code
  }
}
