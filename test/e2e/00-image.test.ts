import { describe, expect, it } from '@jest/globals'
import { outcome, run } from './support/command.ts'
import { DRIVER_IMAGE } from './support/driver.ts'

/** As a node runs it: as root of the machine, with a read-only root file system. */
const AS_ON_A_NODE = ['run', '--rm', '--privileged', '--read-only', '--tmpfs=/tmp:exec']

function inImage(...command: [string, ...string[]]): Promise<string> {
  const [entrypoint, ...args] = command
  return run('docker', ['run', '--rm', '--network=none', `--entrypoint=${entrypoint}`, DRIVER_IMAGE, ...args])
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
}

/** CycloneDX 1.5. */
interface Sbom {
  readonly components: readonly { readonly name: string; readonly version: string }[]
}

describe('the image', () => {
  it.each([
    ['blkid', '-V'],
    ['mkfs.ext4', '-V'],
    ['e2fsck', '-V'],
    ['resize2fs', '-V'],
    ['mkfs.xfs', '-V'],
    ['xfs_growfs', '-V'],
    ['xfs_repair', '-V'],
    ['mkfs.btrfs', '--version'],
    ['btrfs', '--version'],
    ['btrfstune', '--help'],
    ['fstrim', '--version'],
  ] as const)('has %s', async (tool, flag) => {
    // Some of them answer with 1 to being asked this; all fail differently when they are not there.
    const answer = await outcome('docker', ['run', '--rm', `--entrypoint=${tool}`, DRIVER_IMAGE, flag])
    expect(answer.code).toBeLessThan(125)
  })

  it('has the compiled driver and nothing to compile it', async () => {
    expect((await inImage('ls', '/app')).trim().split('\n')).toEqual([
      ...['LICENSE', 'dist', 'node_modules', 'package.json', 'proto', 'sbom.cdx.json'],
    ])
    const modules = (await inImage('ls', '/app/node_modules')).trim().split('\n')
    expect(modules).toEqual(expect.arrayContaining(['@grpc', 'koffi', 'pino']))
    expect(modules).not.toEqual(expect.arrayContaining(['typescript']))
    expect(modules).not.toEqual(expect.arrayContaining(['jest']))
    const script = 'find /app -name "*.sh" -not -path "*/node_modules/*" -o -name "*.map" -o -name "*.d.ts"'
    expect((await inImage('sh', '-c', script)).trim()).toBe('')
  })

  it('lists its contents', async () => {
    const { dependencies } = JSON.parse(await inImage('cat', '/app/package.json')) as Manifest
    const { components } = JSON.parse(await inImage('cat', '/app/sbom.cdx.json')) as Sbom
    const listed = Object.fromEntries(components.map(({ name, version }) => [name, version]))
    expect(listed).toMatchObject(dependencies)
    expect(listed).not.toHaveProperty('jest')
  })

  it('identifies itself', async () => {
    const inspected = await run('docker', [
      'image',
      'inspect',
      '--format={{json .Config.Labels}}',
      DRIVER_IMAGE,
    ])
    expect(JSON.parse(inspected)).toMatchObject({
      'org.opencontainers.image.title': 'csi-driver-loop',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': 'e2e',
    })
    expect(await run('docker', ['run', '--rm', DRIVER_IMAGE])).toContain('Usage: csi-driver-loop')
    const size = await run('docker', ['image', 'inspect', '--format={{.Size}}', DRIVER_IMAGE])
    console.log(`image: ${(Number(size) / 2 ** 20).toFixed(0)} MiB`)
  })

  it('calls the kernel', async () => {
    const devices = await run('docker', [...AS_ON_A_NODE, DRIVER_IMAGE, 'loop', 'list', '--json'])
    expect(JSON.parse(devices)).toBeInstanceOf(Array)
  })

  it('prints its help without root', async () => {
    const said = await run('docker', ['run', '--rm', '--read-only', '--user=65532', DRIVER_IMAGE, '--help'])
    expect(said).toContain('controller')
  })
})
