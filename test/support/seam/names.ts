import { dirname } from 'node:path'

/** The directory of the node that the driver serves, and in it that of its data. */
const home = dirname(process.env['STEPS'] ?? '/')
const homes = [`${home}/data/`, `${home}/`]

/** What is another one in each run, or on each machine, and what stands for it. */
const varying: readonly (readonly [RegExp, string])[] = [
  // By the link of the open directory, or as the kernel knows it.
  [/(\/proc\/self\/fd\/\d+)?\/instances\/csi-driver-loop-[0-9a-f]+/g, '<trace>'],
  [/\/proc\/self\/fd\/\d+\/instances/g, '<traces>'],
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<random>'],
  [/[0-9a-f]{8}-[0-9a-f]{32}/g, '<id>'],
  [/(?<=\bloop|\bcpu|\/fd\/|\/fdinfo\/)\d+/g, '#'],
  [/\b7:\d+/g, '<device>'],
]

/** A step's name is the same in each run, on each machine. */
export function describe(call: string, objects: readonly string[]): string {
  return [call, ...objects.map(name)].join(' ')
}

function name(object: string): string {
  const prefix = homes.find((path) => object.startsWith(path)) ?? ''
  const local = object.slice(prefix.length)
  return varying.reduce((text, [pattern, word]) => text.replaceAll(pattern, word), local)
}
