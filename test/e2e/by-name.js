/**
 * jest's order of the test files: by name. Later ones break more; the last delete what the first have
 * installed.
 */
export default class ByName {
  sort(tests) {
    return [...tests].sort((a, b) => a.path.localeCompare(b.path))
  }

  /** Jest's own order learns from earlier runs; this one has nothing to learn. */
  cacheResults() {
    return undefined
  }
}
