import { stripTypeScriptTypes } from 'node:module'

/** Jest sees what `node src/main.ts` runs: types are blanked out, nothing is compiled, line numbers stay. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
}
