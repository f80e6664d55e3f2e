import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { tool } from '../tool.ts'
import { machineOf, type Architecture } from './architectures.ts'
import { makeArchive } from './images/archive.ts'
import type { Kernel } from './images/kernel.ts'

const BOOT = fileURLToPath(new URL('boot/', import.meta.url))
/** Sockets are below it, whose paths may have 107 bytes. */
const PARENT = '/var/tmp'
const LAST_LINES = 15

/** What guests are made of. Many can have the same: none changes it. */
export interface Images {
  readonly architecture: Architecture
  readonly kernel: Kernel
  /** Disks. */
  readonly root: string
  readonly programs: string
  readonly tree: string
}

export interface GuestOptions {
  readonly command: readonly string[]
  /** More arguments of the kernel. */
  readonly append?: readonly string[]
  readonly memoryMiB?: number
  /** In the guest below /run/vm, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** A disk that keeps what the guest writes: $VM_DISK in the guest. */
  readonly disk?: string
  readonly onOutput: (chunk: Buffer) => void
  /** A line that the command has written to the port $VM_CONTROL. */
  readonly onMessage?: (line: string) => void
}

/** A machine that qemu emulates, with a kernel of its own, in which one command runs. */
export class Guest implements AsyncDisposable {
  /** The exit code of the command; undefined when the guest ended before the command. */
  readonly exited: Promise<number | undefined>
  readonly #qemu: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #servers: readonly Server[]
  readonly #conversations: Promise<unknown>[] = []
  readonly #directory: string

  private constructor(
    qemu: ChildProcess,
    servers: readonly Server[],
    directory: string,
    options: GuestOptions,
  ) {
    this.#qemu = qemu
    this.#ended = new Promise((resolve) => qemu.once('close', resolve))
    this.#servers = servers
    this.#directory = directory
    this.exited = this.#converse(options)
  }

  static async boot(images: Images, options: GuestOptions): Promise<Guest> {
    const directory = await mkdtemp(join(PARENT, 'csi-driver-loop-vm-'))
    const servers: Server[] = []
    try {
      await makeInitramfs(images, options, directory)
      for (const name of ['output', 'control']) servers.push(await listen(join(directory, name)))
      const { qemu } = machineOf(images.architecture)
      // It ends with this process, however that ends. Ctrl-C reaches only this one.
      const args = ['--pdeathsig', 'KILL', qemu, ...qemuArguments(images, options, directory)]
      const child = spawn('setpriv', args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
      return new Guest(child, servers, directory, options)
    } catch (error) {
      for (const server of servers) server.close()
      await rm(directory, { recursive: true, force: true })
      throw error
    }
  }

  /** As `exited`. @throws the reason of the signal when it aborts */
  async exitedUnless(signal: AbortSignal): Promise<number | undefined> {
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => {
      aborted.reject(signal.reason as Error)
    }
    signal.addEventListener('abort', abort)
    try {
      signal.throwIfAborted()
      return await Promise.race([this.exited, aborted.promise])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** The last messages of the kernel. */
  async lastLines(count = LAST_LINES): Promise<string> {
    return (await this.console()).trimEnd().split('\n').slice(-count).join('\n')
  }

  /** All messages of the kernel. */
  async console(): Promise<string> {
    return (await readFile(consoleOf(this.#directory), 'utf8').catch(() => '')).replaceAll('\r', '')
  }

  /**
   * Cuts its power. What it has flushed to its disk stays, and what qemu was given without a flush. Resolves
   * when all that it has sent before is read.
   */
  async kill(): Promise<void> {
    this.#qemu.kill('SIGKILL')
    await this.#ended
    await Promise.all(this.#conversations)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    for (const server of this.#servers) server.close()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** @returns the exit code, as `exited` */
  async #converse({ onOutput, onMessage }: GuestOptions): Promise<number | undefined> {
    const exit = Promise.withResolvers<number>()
    const [output, control] = this.#servers
    output?.once('connection', (socket: Socket) => {
      this.#conversations.push(once(socket.on('data', onOutput), 'close'))
    })
    control?.once('connection', (socket: Socket) => {
      const lines = createInterface(socket)
      this.#conversations.push(once(lines, 'close'))
      lines.on('line', (line) => {
        const [, code] = /^exit (\d+)$/.exec(line) ?? []
        if (code === undefined) onMessage?.(line)
        else exit.resolve(Number(code))
      })
    })
    let complaints = ''
    this.#qemu.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
    const code = await Promise.race([exit.promise, this.#ended.then(() => undefined)])
    if (code === undefined && complaints !== '') await appendFile(consoleOf(this.#directory), complaints)
    return code
  }
}

function consoleOf(directory: string): string {
  return join(directory, 'console')
}

async function listen(path: string): Promise<Server> {
  const server = createServer()
  server.listen(path)
  await once(server, 'listening')
  return server
}

/** The kernel's own part, and behind it the scripts and the command. */
async function makeInitramfs({ kernel }: Images, options: GuestOptions, directory: string): Promise<void> {
  const content = join(directory, 'content')
  await mkdir(join(content, 'vm'), { recursive: true })
  await tool('cp', join(BOOT, 'init'), content)
  await tool('chmod', '755', join(content, 'init'))
  await tool('cp', join(BOOT, 'boot.sh'), join(content, 'vm'))
  const files = { ...options.files, command: `exec ${options.command.map(quoted).join(' ')}\n` }
  for (const [name, text] of Object.entries(files)) await writeFile(join(content, 'vm', name), text)
  const own = join(directory, 'own')
  await makeArchive(content, own)
  await tool('sh', '-c', 'cat "$1" "$2" >"$3"', 'sh', kernel.archive, own, join(directory, 'initramfs'))
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

function qemuArguments(
  { architecture, kernel, programs, root, tree }: Images,
  { append = [], disk, memoryMiB = 2048 }: GuestOptions,
  directory: string,
): string[] {
  const { console, options } = machineOf(architecture)
  // A reboot after a panic ends it.
  const kernelArguments = [`console=${console}`, 'panic=-1', 'oops=panic', ...append].join(' ')
  return [
    ...options,
    ...['-accel', 'tcg,thread=multi', '-smp', '2', '-m', `${memoryMiB}`, '-no-reboot'],
    ...['-nodefaults', '-display', 'none', '-monitor', 'none', '-serial', `file:${consoleOf(directory)}`],
    ...['-kernel', kernel.vmlinuz, '-initrd', join(directory, 'initramfs'), '-append', kernelArguments],
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    ...port('output', directory),
    ...port('control', directory),
    ...drive('root', root, ',snapshot=on'),
    ...drive('modules', kernel.modules, ',readonly=on'),
    ...drive('programs', programs, ',readonly=on'),
    ...drive('tree', tree, ',snapshot=on'),
    ...(disk === undefined ? [] : drive('data', disk, ',cache=writeback,discard=unmap')),
  ]
}

function port(name: string, directory: string): string[] {
  return [
    ...['-chardev', `socket,id=${name},path=${join(directory, name)}`],
    ...['-device', `virtserialport,chardev=${name},name=${name}`],
  ]
}

function drive(name: string, file: string, options: string): string[] {
  return [
    ...['-drive', `if=none,id=${name},format=raw,file=${file}${options}`],
    ...['-device', `virtio-blk-pci,drive=${name},serial=${name}`],
  ]
}
