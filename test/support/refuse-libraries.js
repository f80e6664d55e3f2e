import { registerHooks } from 'node:module'

/** What costs much memory and time, and is for those alone who ask for it. */
const refused = ['@kubernetes/', '@opentelemetry/sdk-', '@opentelemetry/exporter-']

/** For `node --import`: shows that a process does without them, by ending it when it does not. */
registerHooks({
  resolve(specifier, context, next) {
    if (refused.some((name) => specifier.startsWith(name)))
      throw new Error(`${specifier} is not to be loaded here`)
    return next(specifier, context)
  },
})
