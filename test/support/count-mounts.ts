import { OtherNamespaces } from '../../src/linux/loop/other-namespaces.ts'

/**
 * `node count-mounts.ts TARGET` prints how often a look at the other mount namespaces comes by a mount at
 * this path.
 */
const [, , target] = process.argv
let count = 0
await OtherNamespaces.read((_, mount) => {
  if (mount.target === target) count++
})
console.log(count)
