import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import * as v from 'valibot'
import { parseBytes } from '../../volumes/model/bytes.ts'
import { messageOf } from '../../volumes/model/errors.ts'
import { type PoolConfig, homeOf } from '../../volumes/model/pool-config.ts'

/**
 * The file of `--config`:
 *
 *     pools:
 *       default: {}                # in the data directory, of the size of its disk
 *       fast:
 *         path: /mnt/nvme/loop     # absolute
 *         size: 500Gi              # space that all volumes together may allocate
 *         reserve: 10Gi            # space that volumes never get
 *         overcommit: 2            # thin volumes may have this many times the size together
 *         whenFull: freeze         # thin volumes wait until there is space, or fail: get I/O errors
 *         inline: {maxSize: 1Gi}   # pods may have inline volumes of up to this size
 *       instant:
 *         image: {size: 200Gi}     # one file in `path` with an XFS, for instant snapshots
 */
const NO_LIMITS = { sizeBytes: undefined, reserveBytes: 0n, overcommit: 1, inlineBytes: 0n }

const EXAMPLE = '"pools: {default: {}}"'

const quantity = v.pipe(
  v.union([v.string(), v.number()], 'must be a quantity such as 10Gi'),
  v.transform((text) => parseBytes(String(text))),
  v.custom<bigint>((bytes) => bytes !== undefined, 'must be a quantity such as 10Gi'),
)

const image = v.strictObject({ size: quantity }, 'must be {size: <quantity>}')

const inline = v.strictObject({ maxSize: quantity }, 'must be {maxSize: <quantity>}')

const fields = {
  path: v.optional(v.pipe(v.string('must be a path'), v.startsWith('/', 'must be an absolute path'))),
  size: v.optional(quantity),
  reserve: v.optional(quantity),
  overcommit: v.optional(v.pipe(v.number('must be a number'), v.minValue(1, 'must be at least 1'))),
  whenFull: v.optional(v.picklist(['freeze', 'fail'], 'must be freeze or fail')),
  inline: v.optional(inline),
  image: v.optional(image),
}
const poolFields = v.strictObject(fields, 'must be settings such as {size: 10Gi}, or {}')

const pool = v.pipe(
  poolFields,
  v.check(({ image, size }) => !image || size === undefined, 'must have either size or image.size'),
)

const poolName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a name of lower-case letters, digits and dashes'),
)

const poolsByName = v.pipe(
  v.record(poolName, v.nullable(pool), `must have pools by their names, such as ${EXAMPLE}`),
  v.check((pools) => Object.keys(pools).length > 0, 'must have a pool'),
)

const schema = v.strictObject({ pools: poolsByName }, `must have pools, such as ${EXAMPLE}`)

/** One pool named `default` in the data directory. */
export function defaultPools(dataDir: string): PoolConfig[] {
  return [{ name: 'default', path: poolPath(dataDir, 'default'), limits: NO_LIMITS }]
}

/** The pools of the file, or of `defaultPools` without a file. @throws as `readPools` */
export async function configuredPools(file: string | undefined, dataDir: string): Promise<PoolConfig[]> {
  return file === undefined ? defaultPools(dataDir) : await readPools(file, dataDir)
}

/** @throws Error naming the file, the key and the problem */
export async function readPools(file: string, dataDir: string): Promise<PoolConfig[]> {
  const result = v.safeParse(schema, await readYaml(file))
  if (!result.success) throw new Error(`${file}: ${problemOf(result.issues[0])}`)
  const pools = Object.entries(result.output.pools).map(([name, config]) =>
    toPool(name, config ?? {}, dataDir),
  )
  for (const [index, pool] of pools.entries()) {
    for (const other of pools.slice(0, index)) {
      const problem = overlap(homeOf(other), homeOf(pool))
      if (problem) throw new Error(`${file}: pools ${other.name} and ${pool.name} ${problem}`)
    }
  }
  return pools
}

/** What is wrong, and where in the file. */
function problemOf(issue: v.InferIssue<typeof schema>): string {
  const key = v.getDotPath(issue)
  if (key === null) return `the file ${issue.input === null ? 'is empty: it ' : ''}${issue.message}`
  if (key === 'pools' && issue.received === 'undefined') return `pools is missing: the file ${issue.message}`
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never'
  return `${key} ${isUnknown ? 'is unknown' : issue.message}`
}

/**
 * Why two pools cannot have these paths. Opening the pools also resolves symbolic links and bind mounts.
 */
function overlap(a: string, b: string): string | undefined {
  if (a === b) return `have the same path ${a}`
  const [inner, outer] = a.length > b.length ? [a, b] : [b, a]
  return inner.startsWith(join(outer, '/')) ? `overlap: ${inner} is inside ${outer}` : undefined
}

function toPool(name: string, config: v.InferOutput<typeof pool>, dataDir: string): PoolConfig {
  const path = config.path === undefined ? poolPath(dataDir, name) : resolve(config.path)
  const limits = {
    sizeBytes: config.size,
    reserveBytes: config.reserve ?? NO_LIMITS.reserveBytes,
    overcommit: config.overcommit ?? NO_LIMITS.overcommit,
    inlineBytes: config.inline?.maxSize ?? NO_LIMITS.inlineBytes,
  }
  const common = { name, limits, ...(config.whenFull === 'fail' && { failsWhenFull: true }) }
  if (!config.image) return { ...common, path }
  const image = { file: join(path, 'pool.img'), sizeBytes: config.image.size }
  return { ...common, path: join(mountsPath(dataDir), name), image }
}

/** Where pool images are mounted. */
export function mountsPath(dataDir: string): string {
  return join(dataDir, 'mounts')
}

/** Where the ids of known pools are, which identify a pool that is unreachable. */
export function knownPoolsPath(dataDir: string): string {
  return join(dataDir, 'known-pools')
}

/** YAML is loaded only for a file: loading it takes half as long as gRPC. */
async function readYaml(file: string): Promise<unknown> {
  const { parse } = await import('yaml')
  const text = await readFile(file, 'utf8')
  try {
    return parse(text)
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error })
  }
}

function poolPath(dataDir: string, name: string): string {
  return join(dataDir, 'pools', name)
}
