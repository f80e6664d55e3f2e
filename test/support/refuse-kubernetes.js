import { registerHooks } from 'node:module'

/** For `node --import`: shows that a process does without the Kubernetes client, by ending it when it does not. */
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@kubernetes/')) throw new Error(`${specifier} is not to be loaded here`)
    return next(specifier, context)
  },
})
