import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'

/** One line of `--json` output. */
export interface CliEvent {
  event: string
  [field: string]: unknown
}

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname
const DEADLINE = 60_000

export interface CliPeerOptions {
  cwd?: string
  /** Network namespace to run in, on all its interfaces. */
  namespace?: string
}

/** One `chordcast … --json` process on loopback. Ends with the test through `stop` or `kill`. */
export class CliPeer {
  readonly events: CliEvent[] = []
  readonly #child: ChildProcess
  readonly #arrivals = new EventEmitter()
  readonly #exit: Promise<number | null>
  #errors = ''

  /** @param args command and options; `--json` is added, and `--host 127.0.0.1 --no-mdns` unless it runs in a namespace */
  constructor(args: string[], { cwd, namespace }: CliPeerOptions = {}) {
    const command = [process.execPath, CLI, ...args, '--json']
    const all = namespace
      ? ['ip', 'netns', 'exec', namespace, ...command]
      : [...command, '--host', '127.0.0.1', '--no-mdns']
    const [program = '', ...rest] = all
    this.#child = spawn(program, rest, { ...(cwd ? { cwd } : {}), stdio: ['ignore', 'pipe', 'pipe'] })
    this.#exit = once(this.#child, 'close').then(([code]) => {
      this.#arrivals.emit('arrival')
      return code as number | null
    })
    assert(this.#child.stdout && this.#child.stderr)
    createInterface(this.#child.stdout).on('line', line => this.#take(line))
    this.#child.stderr.on('data', (data: Buffer) => {
      this.#errors += data.toString()
      this.#arrivals.emit('arrival')
    })
  }

  get pid(): number {
    assert(this.#child.pid)
    return this.#child.pid
  }

  /** What came on stderr. */
  get errors(): string {
    return this.#errors
  }

  /** The first event of this name that satisfies `condition`, past or future. */
  async event(name: string, condition: (event: CliEvent) => boolean = () => true): Promise<CliEvent> {
    return await this.#until(`"${name}"`, () =>
      this.events.find(event => event.event === name && condition(event))
    )
  }

  /** The first line of the log, with `--log-level`, that matches. */
  async logged(pattern: RegExp): Promise<string> {
    return await this.#until(`a line that matches ${pattern}`, () =>
      this.#errors.split('\n').find(line => pattern.test(line))
    )
  }

  /** The address that others dial. */
  async address(): Promise<string> {
    const { addresses } = await this.event('listening')
    assert(Array.isArray(addresses) && typeof addresses[0] === 'string')
    return addresses[0]
  }

  /** Closes the pipe that the process writes to, as `chordcast … | head` does. */
  stopReading(): void {
    this.#child.stdout?.destroy()
  }

  /** Resolves with the exit code once the process has ended by itself. */
  exit(): Promise<number | null> {
    return this.#exit
  }

  /** SIGTERM, as a shell or a service manager would; resolves with the exit code. */
  stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    return this.#exit
  }

  /** SIGKILL: the peer gets no chance to say good-bye. */
  kill(): Promise<number | null> {
    this.#child.kill('SIGKILL')
    return this.#exit
  }

  async #until<Found>(what: string, find: () => Found | undefined): Promise<Found> {
    const signal = AbortSignal.timeout(DEADLINE)
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(this.#story(`ended without ${what}`))
      await once(this.#arrivals, 'arrival', { signal }).catch(() => {
        throw new Error(this.#story(`no ${what} in ${DEADLINE} ms`))
      })
    }
  }

  #take(line: string): void {
    this.events.push(JSON.parse(line) as CliEvent)
    this.#arrivals.emit('arrival')
  }

  #story(problem: string): string {
    const told = this.events.slice(-5).map(event => JSON.stringify(event))
    return [`chordcast ${problem}`, ...told, this.#errors].join('\n')
  }
}

/** Starts peers in folders of their own and ends them all, whatever became of the test. */
export class Peers {
  readonly #folder: string
  readonly #started: CliPeer[] = []
  #count = 0

  /** @param folder where data folders are made */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Starts a command; without `data` in a fresh data folder. */
  start(args: string[], options: CliPeerOptions & { data?: string } = {}): CliPeer {
    const data = options.data ?? this.newDataFolder()
    const peer = new CliPeer([...args, '--data', data], options)
    this.#started.push(peer)
    return peer
  }

  newDataFolder(): string {
    return `${this.#folder}/peer-${++this.#count}`
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#started.splice(0).map(peer => peer.kill()))
  }
}
