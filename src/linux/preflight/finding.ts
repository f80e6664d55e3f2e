/** What is wrong with the machine, in one sentence that says what to do. */
export interface Finding {
  /** With an error the driver does not do its work; a warning costs a part of it. */
  readonly severity: 'error' | 'warning'
  readonly message: string
}
