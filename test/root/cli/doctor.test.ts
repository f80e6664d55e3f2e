import { cp, mkdir, open, rm, truncate, writeFile, type FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Finding as Found } from '../../../src/volumes/issues/catalogue.ts'
import { nodeHash } from '../../../src/volumes/model/ids.ts'
import { describeRoot } from '../../root.ts'
import { Authority } from '../../support/certificates.ts'
import { commandLine, type CommandWishes } from '../../support/command-line.ts'
import { TestNode } from '../../support/driver.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSparse } from '../../support/images.ts'
import { containerNamespaces, ownNamespace } from '../../support/namespace.ts'
import { inAnotherNamespace, showNode } from '../../support/shown-node.ts'
import { blockCapability, MiB, mountCapability, TestVolume } from '../../support/volume.ts'
import { tool } from '../../tool.ts'
import { REMEDIES } from './remedies.ts'

type Finding = Omit<Found, 'remedy'> & { readonly cure: string }

interface Report {
  readonly driver: { readonly running: boolean; readonly pid: number | null; readonly nodeId?: string }
  readonly pools: readonly { readonly name: string; readonly state: string; readonly volumes: number }[]
  readonly findings: readonly Finding[]
}

/**
 * A node whose pools are `default`, `extra` on a disk of its own, and `image`, and the doctor who looks at
 * it.
 */
class Patient implements AsyncDisposable {
  readonly node: TestNode
  readonly disk: string
  readonly #config: string
  readonly #held: FileHandle[] = []

  private constructor(node: TestNode) {
    this.node = node
    this.disk = join(node.path, 'disk')
    this.#config = join(node.path, 'config.yaml')
  }

  static async make(): Promise<Patient> {
    const patient = new Patient(await TestNode.make())
    await mkdir(patient.disk)
    await makeSparse(`${patient.disk}.img`, 64 * MiB)
    await tool('mkfs.ext4', '-q', `${patient.disk}.img`)
    await patient.mountDisk()
    const pools = `{ default: {}, extra: { path: ${patient.disk}/pool }, image: { image: { size: 320Mi } } }`
    await writeFile(patient.#config, `pools: ${pools}`)
    await patient.start()
    return patient
  }

  get nodeArguments(): string[] {
    return ['--config', this.#config]
  }

  start(): Promise<void> {
    return this.node.start({ args: this.nodeArguments })
  }

  async mountDisk(): Promise<void> {
    await tool('mount', '-o', 'loop', `${this.disk}.img`, this.disk)
  }

  volume(name = 'data', capability = mountCapability(), pool = 'default', bytes = 32 * MiB): TestVolume {
    return new TestVolume(this.node, name, { capability, bytes, parameters: { pool, provisioning: 'thin' } })
  }

  async inUse(capability = mountCapability(), bytes = 32 * MiB): Promise<TestVolume> {
    const volume = await this.volume('data', capability, 'default', bytes).create()
    await volume.stage()
    await volume.publish()
    return volume
  }

  /**
   * A device that is left of a deleted volume. It is held open, or any driver that starts on the machine
   * detaches it.
   */
  async orphan(): Promise<void> {
    const volume = await this.inUse(blockCapability())
    for (const device of await volume.devices()) this.#held.push(await open(device))
    await rm(volume.directory, { recursive: true })
  }

  get arguments(): string[] {
    const { dataDir, id, path } = this.node
    return [
      'doctor',
      ...['--data-dir', dataDir, '--config', this.#config],
      ...['--node-id', id, '--kubelet-dir', join(path, 'kubelet')],
    ]
  }

  async examine(args: readonly string[] = [], wishes: CommandWishes = {}): Promise<Report> {
    const { code, stdout, stderr } = await commandLine([...this.arguments, '--json', ...args], wishes)
    expect(stderr).toBe('')
    const report = JSON.parse(stdout) as Report
    expect(code).toBe(report.findings.some(({ severity }) => severity === 'error') ? 1 : 0)
    return report
  }

  /**
   * `error ImageMissing`, of what is this node's: the doctor tells orphans of all nodes of the machine, and
   * root of a sandbox may lack CAP_SYS_RESOURCE.
   */
  async complaints(args: readonly string[] = [], wishes: CommandWishes = {}): Promise<string[]> {
    const { findings } = await this.examine(args, wishes)
    for (const { cure, message, reason } of findings) {
      expect({ reason, cure }).toEqual({ reason, cure: remedyFor(reason) })
      expect(message.length).toBeGreaterThan(0)
    }
    const ofNode = ` "${nodeHash(this.node.id)}-`
    return findings
      .filter(({ reason }) => reason !== 'Ext4GrowsUnmountedOnly')
      .filter(({ reason, message }) => reason !== 'OrphanDevice' || message.includes(ofNode))
      .map(({ reason, severity }) => `${severity} ${reason}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const device of this.#held) await device.close()
    await this.node[Symbol.asyncDispose]()
  }
}

describeRoot('doctor', () => {
  let patient: Patient
  let node: TestNode

  beforeEach(async () => {
    patient = await Patient.make()
    node = patient.node
  })

  afterEach(() => patient[Symbol.asyncDispose]())

  const endpoint = (): string[] => ['--endpoint', `unix://${node.socket}`]

  it('reports no problem of a healthy driver, and identifies it', async () => {
    await using _mount = await patient.inUse()
    await using block = await patient.volume('block', blockCapability(), 'image').create()
    await block.stage()
    await block.publish()
    expect(await patient.complaints(endpoint())).toEqual([])
    const { driver, pools } = await patient.examine(endpoint())
    expect(driver).toMatchObject({ running: true, pid: node.driver.pid, nodeId: node.id })
    expect(pools).toMatchObject([
      { name: 'default', state: 'ready', volumes: 1 },
      { name: 'extra', state: 'ready', volumes: 0 },
      { name: 'image', state: 'ready', volumes: 1 },
    ])
  })

  it('reports no problem of the device that the kubelet attaches for a pod', async () => {
    await using volume = await patient.inUse(blockCapability())
    const kubelets = await tool('losetup', '--find', '--show', (await volume.devices())[0] ?? '')
    expect(await patient.complaints(endpoint())).toEqual([])
    await tool('losetup', '--detach', kubelets)
  })

  it('finds the driver without a given socket, and reports when there is none', async () => {
    expect((await patient.examine()).driver).toMatchObject({ running: true, pid: node.driver.pid })
    expect(await node.stop()).toMatchObject({ processes: [] })
    expect((await patient.examine(endpoint())).driver).toEqual({ running: false, pid: null })
    expect(await patient.complaints()).toEqual([])
  })

  it('changes nothing, with or without a running driver', async () => {
    const volume = await patient.inUse()
    // What is mounted writes to its image whenever it likes.
    const ofImages = ['-name', '*.img', '-printf', '%p %s %i %m\\n']
    const tree = () =>
      tool('find', node.path, '-xdev', ...ofImages, '-o', '-printf', '%p %s %i %m %T@ %C@\\n')
    for (const end of [false, true]) {
      if (end) await node.driver.end('SIGKILL')
      const before = [await tree(), await node.left()]
      await patient.examine()
      expect([await tree(), await node.left()]).toEqual(before)
    }
    await patient.start()
    await volume[Symbol.asyncDispose]()
  })

  it('prints lines without colour where there is no terminal', async () => {
    await using volume = await patient.volume().create()
    await rm(volume.image)
    const { code, stdout } = await commandLine(patient.arguments)
    expect(code).toBe(1)
    expect(stdout).toContain(
      `\nerror ImageMissing: volume "${volume.id}": its image ${volume.image} is missing`,
    )
    expect(stdout).toContain(`\n  cure: cp --sparse=always BACKUP ${volume.image}, then restart the driver\n`)
    expect(stdout).not.toContain('\x1b')
  })

  /** Each breaks the world in one way. */
  const beside: [string, () => Promise<unknown>, string[]][] = [
    [
      'a pool without room',
      async () =>
        fillUp(patient.disk, await patient.volume('large', mountCapability(), 'extra', 40 * MiB).create()),
      ['warning PoolNearlyFull'],
    ],
    ['a read-only pool', () => tool('mount', '-o', 'remount,ro', patient.disk), ['error PoolReadOnly']],
    ['a missing image', async () => rm((await patient.volume().create()).image), ['error ImageMissing']],
    [
      'a shrunk image',
      async () => truncate((await patient.volume().create()).image, 16 * MiB),
      ['error ImageShrunk'],
    ],
    [
      'a corrupt record',
      async () => writeFile(join((await patient.volume().create()).directory, 'volume.json'), '{'),
      ['error VolumeDamaged'],
    ],
    ['a volume in use whose image is deleted', () => patient.orphan(), ['error OrphanDevice']],
    [
      'an image that somebody has attached once more',
      async () => tool('losetup', '--find', (await patient.inUse()).image),
      ['error AttachedTwice'],
    ],
    [
      'a file system that is read-only after errors',
      async () => {
        const [device = ''] = await (await patient.inUse()).devices()
        await writeFile(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'a test')
      },
      ['warning FileSystemReadOnly', 'warning FileSystemReadOnly'],
    ],
    [
      'a file system that has shut down',
      async () => {
        const volume = await patient.inUse(mountCapability('xfs'), 320 * MiB)
        await tool('xfs_io', '-x', '-c', 'shutdown', volume.staging)
      },
      ['error FileSystemShutDown', 'error FileSystemShutDown'],
    ],
    [
      'a device that has not grown with its image',
      async () => {
        const volume = await patient.inUse(blockCapability())
        await truncate(volume.image, 64 * MiB)
      },
      ['warning DeviceTooSmall'],
    ],
  ]

  it.each(beside)('finds, while a driver runs, %s', async (_, harm, expected) => {
    await harm()
    expect(await patient.complaints()).toEqual(expected)
  })

  /** As `beside`, while no driver runs; a snapshot directory is where the word of a freeze is. */
  const without: [string, () => Promise<unknown>, string[]][] = [
    ['a pool whose disk is not mounted', () => tool('umount', patient.disk), ['error PoolNotMounted']],
    [
      'a pool in the place of another',
      async () => {
        const pools = join(node.dataDir, 'pools')
        await cp(join(pools, 'default', 'pool.json'), join(patient.disk, 'pool', 'pool.json'))
      },
      ['error PoolReplaced'],
    ],
    [
      'a damaged pool.json',
      () => writeFile(join(patient.disk, 'pool', 'pool.json'), '{'),
      ['error PoolDamaged'],
    ],
    [
      'a pool image that is gone',
      () => rm(join(node.dataDir, 'pools', 'image', 'pool.img')),
      ['error PoolImageMissing'],
    ],
    [
      'what interrupted operations have left',
      async () => {
        const volumes = join(node.dataDir, 'pools', 'default', 'volumes')
        await mkdir(join(volumes, '.a.new'))
        await mkdir(join(volumes, '.b.deleted'))
      },
      ['warning Leftover', 'warning Leftover'],
    ],
  ]

  it.each(without)('finds, without a driver, %s', async (_, harm, expected) => {
    expect(await node.stop()).toMatchObject({ processes: [] })
    await harm()
    expect(await patient.complaints()).toEqual(expected)
  })

  it('reports a file system that a driver may have left frozen, without waiting for it', async () => {
    const volume = await patient.inUse()
    await node.driver.end('SIGKILL')
    await tool('fsfreeze', '--freeze', volume.staging)
    const draft = join(node.dataDir, 'pools', 'default', 'snapshots', '.copy.new')
    await mkdir(draft)
    await writeFile(join(draft, 'frozen'), volume.id)
    expect(await patient.complaints()).toEqual(['warning Leftover', 'error MayBeFrozen'])
    await patient.start()
    expect(await patient.complaints()).toEqual([])
    await volume[Symbol.asyncDispose]()
  })

  it('finds volumes of another node, once this one has another name', async () => {
    const volume = await patient.volume().create()
    expect(await patient.complaints(['--node-id', 'other'])).toEqual(['warning VolumeOfAnotherNode'])
    // The driver's own identity takes precedence.
    expect(await patient.complaints(['--node-id', 'other', ...endpoint()])).toEqual([])
    await volume.delete()
  })

  it('names the commands that detach what a deleted cluster has left, refused where it is not known who uses it', async () => {
    const volume = await patient.inUse(blockCapability())
    const [device = ''] = await volume.devices()
    const kubelets = await tool('losetup', '--find', '--show', device)
    // Drivers that see the mounts of all processes leave it alone.
    await using _pod = await showNode(device, join(node.path, 'node'), inAnotherNamespace)
    await tool('umount', volume.target())
    await rm(volume.directory, { recursive: true })

    const inContainer = { within: containerNamespaces(node.path) }
    const found = async (nodeId: string): Promise<Finding | undefined> => {
      const { findings } = await patient.examine(['--node-id', nodeId], inContainer)
      return findings.find(({ message }) => message.includes(` "${volume.id}"`))
    }
    const message = `${device} is attached to the deleted image of volume "${volume.id}"`
    const cure = `csi-driver-loop loop detach ${kubelets} && csi-driver-loop loop detach ${device}`
    const reason = 'OrphanDevice'
    expect(await found(node.id)).toEqual({ severity: 'error', reason, message, cure })
    const forced = cure.replaceAll('detach', 'detach --force')
    expect(await found('other')).toEqual({
      severity: 'warning',
      reason,
      message: `${message} of another node`,
      cure: `when that node is gone: ${forced}`,
    })
    expect(await commandLine(['loop', 'detach', device], inContainer)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`belongs to volume "${volume.id}" of another node`),
    })
    for (const path of [kubelets, device]) {
      const detached = await commandLine(['loop', 'detach', '--force', path], inContainer)
      expect(detached).toMatchObject({ code: 0, stderr: '' })
    }
    expect((await node.left()).devices.join()).not.toContain(volume.id)
  })

  it('finds a pool image that is mounted only for the driver', async () => {
    const away = ownNamespace(node.path, `umount --lazy ${join(node.dataDir, 'mounts', 'image')}`)
    expect(await patient.complaints([], { within: away })).toEqual(['warning PoolNotVisible'])
  })

  const waiting: [string, (volume: TestVolume) => Promise<unknown>, RegExp][] = [
    [
      'an mkfs',
      (volume) => volume.stage(),
      /^mkfs\.ext4 \(process \d+\), started by the driver, waits uninterruptibly in the kernel for a disk/,
    ],
    [
      'the driver itself',
      () => patient.volume('new', mountCapability(), 'extra', 16 * MiB).create(),
      /^thread \d+ of the driver \(process \d+\) waits uninterruptibly in the kernel for a disk/,
    ],
  ]

  it.each(waiting)('finds that a disk does not answer %s', async (_, call, message) => {
    const volume = await patient.volume('data', mountCapability(), 'extra').create()
    await tool('fsfreeze', '--freeze', patient.disk)
    const called = call(volume)
    await eventually(
      'it waits',
      async () => {
        const { findings } = await patient.examine()
        // Of several: a stage writes the volume's record beside its mkfs.
        expect(findings.map((finding) => finding.message)).toContainEqual(expect.stringMatching(message))
      },
      { timeoutMs: 20_000 },
    ).finally(() => tool('fsfreeze', '--unfreeze', patient.disk))
    await called
    expect(await patient.complaints()).toEqual([])
  })

  it('finds a certificate that expires within a month', async () => {
    const authority = await Authority.make(join(node.path, 'authority'), 400)
    const issue = (days: number) => authority.issue(join(node.path, 'tls'), { age: 365, days })
    expect(await patient.complaints(['--tls-dir', await issue(31)])).toEqual([])
    expect(await patient.complaints(['--tls-dir', await issue(29)])).toEqual(['warning CertificateExpiring'])
  })

  it('finds certificates that have expired, or do not fit', async () => {
    const authority = await Authority.make(join(node.path, 'authority'))
    const directory = await authority.issue(join(node.path, 'tls'), { expired: true })
    await eventually('it has expired', async () => {
      expect(await patient.complaints(['--tls-dir', directory])).toEqual(['error CertificateExpired'])
    })
    await rm(join(directory, 'tls.key'))
    expect(await patient.complaints(['--tls-dir', directory])).toEqual(['error CertificateUnusable'])
  })

  it('finds a driver that does not answer', async () => {
    process.kill(node.driver.pid, 'SIGSTOP')
    expect(await patient.complaints(endpoint())).toEqual(['error DriverNotAnswering'])
    process.kill(node.driver.pid, 'SIGCONT')
    expect(await patient.complaints(endpoint())).toEqual([])
    expect(await patient.complaints(['--endpoint', node.socket])).toEqual([])
  })

  describe('on a machine where something is missing', () => {
    const inNamespace = (...setUp: string[]): CommandWishes => ({ within: ownNamespace(node.path, ...setUp) })
    const bareDev = (options: string, ...nodes: string[]): CommandWishes =>
      inNamespace(
        'mkdir -p /run/csi-loop-dev',
        `mount -t tmpfs -o mode=755,${options} dev /run/csi-loop-dev`,
        'cp -a /dev/null /dev/zero /dev/random /dev/urandom /run/csi-loop-dev',
        ...nodes,
        'mount --move /run/csi-loop-dev /dev',
      )
    const loopControl = 'cp -a /dev/loop-control /run/csi-loop-dev'

    const machines: [string, () => CommandWishes, string[]][] = [
      [
        'a tool',
        () => inNamespace('mount --bind /dev/null /usr/sbin/mkfs.ext4'),
        ['error FileSystemUnavailable'],
      ],
      [
        'the propagation of mounts',
        () => inNamespace(`mkdir -p ${node.path}/kubelet`),
        ['error MountsNotPropagated', 'error MountsNotPropagated'],
      ],
      [
        'a /dev in which devices can be opened',
        () => bareDev('nodev', loopControl),
        ['error LoopControlUnusable'],
      ],
      ['nothing, because the driver makes nodes by itself', () => bareDev('dev'), []],
      [
        'a loop device that is free',
        () =>
          inNamespace(
            `echo 1048575 >${node.path}/max_part`,
            `mount --bind ${node.path}/max_part /sys/module/loop/parameters/max_part`,
          ),
        ['error NoFreeLoopDevice'],
      ],
      [
        'a privilege',
        () => ({ within: ['setpriv', '--bounding-set=-mknod', '--inh-caps=-mknod'] }),
        ['error PrivilegeMissing'],
      ],
    ]

    it.each(machines)('finds that it lacks %s', async (_, wishes, expected) => {
      expect(await patient.complaints([], wishes())).toEqual(expected)
    })

    it('reports that the device node of a device in use is missing', async () => {
      await using _volume = await patient.inUse(blockCapability())
      expect(await patient.complaints([], bareDev('dev', loopControl))).toContain('warning DeviceNodeMissing')
    })

    it('finds that the driver has few files to open', async () => {
      await node.driver.end('SIGTERM')
      await node.start({ args: patient.nodeArguments, within: ['prlimit', '--nofile=512:512'] })
      expect(await patient.complaints()).toEqual(['warning FewOpenFiles'])
    })

    it('finds that this is a user namespace', async () => {
      const within = ['unshare', '--user', '--map-root-user']
      expect(await patient.complaints([], { within })).toContain('error UserNamespace')
    })
  })
})

function remedyFor(reason: string): unknown {
  return expect.stringMatching(REMEDIES[reason] ?? /^no remedy is expected of it/)
}

/** Fills a volume of the pool `extra`, and what is left of its disk. */
async function fillUp(disk: string, { id }: TestVolume): Promise<void> {
  await tool('fallocate', '--length', `${40 * MiB}`, join(disk, 'pool', 'volumes', id, 'disk.img'))
  await tool('dd', 'if=/dev/zero', `of=${disk}/filler`, 'bs=64K').catch(() => undefined)
}
