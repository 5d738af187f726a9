import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import { ProcessGroup } from '../../test/harness/process-group.ts'

/** One line that a process wrote: JSON with the name of an event. */
export interface ProcessEvent {
  event: string
  /** Monotonic milliseconds at which the line came. */
  at: number
  [field: string]: unknown
}

export interface LineProcessOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
}

const DEADLINE = 60_000
const MAX_COMPLAINT = 1000

/** A process that writes one JSON object a line, and reads one a line. */
export class LineProcess {
  readonly #name: string
  readonly #group: ProcessGroup
  readonly #arrivals = new EventEmitter()
  readonly #events: ProcessEvent[] = []
  #errors = ''

  /** @param name for people, in complaints */
  constructor(
    name: string,
    command: string,
    args: readonly string[],
    { env = {}, cwd }: LineProcessOptions = {}
  ) {
    this.#name = name
    this.#group = new ProcessGroup(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd ? { cwd } : {})
    })
    const { child } = this.#group
    child.once('error', error => this.#complain(error.message))
    child.once('exit', () => this.#arrivals.emit('arrival'))
    // It may have ended before it read what it was told.
    child.stdin?.on('error', () => undefined)
    child.stderr?.on('data', (data: Buffer) => this.#complain(data.toString()))
    if (child.stdout) createInterface(child.stdout).on('line', line => this.#take(line))
  }

  get pid(): number {
    const { pid } = this.#group.child
    if (pid === undefined) throw new Error(`${this.#name} could not be started: ${this.#errors}`)
    return pid
  }

  /** Writes one line to the process. */
  tell(message: object): void {
    this.#group.child.stdin?.write(`${JSON.stringify(message)}\n`)
  }

  /** The first event of that name, past or future. An event `error` rejects, and so does the end of the process. */
  async event(name: string, deadline = DEADLINE): Promise<ProcessEvent> {
    const signal = AbortSignal.timeout(deadline)
    for (;;) {
      const found = this.#events.find(({ event }) => event === name || event === 'error')
      if (found?.event === name) return found
      if (found) throw new Error(`${this.#name}: ${found.message}`)
      if (!this.#group.running) throw new Error(this.#story(`ended without "${name}"`))
      await once(this.#arrivals, 'arrival', { signal }).catch(() => {
        throw new Error(this.#story(`no "${name}" in ${deadline / 1000} s`))
      })
    }
  }

  /** As `event`, for events that come again and again: each is handed out once. */
  async take(name: string, deadline = DEADLINE): Promise<ProcessEvent> {
    const event = await this.event(name, deadline)
    this.#events.splice(this.#events.indexOf(event), 1)
    return event
  }

  /** The last event of that name until now. */
  last(name: string): ProcessEvent | undefined {
    return this.#events.findLast(({ event }) => event === name)
  }

  /** Ends it; resolves when it has gone. */
  async stop(): Promise<void> {
    await this.#group.stop()
  }

  #take(line: string): void {
    const event = parseEvent(line)
    if (!event) return
    this.#events.push(event)
    this.#arrivals.emit('arrival')
  }

  #complain(text: string): void {
    this.#errors = (this.#errors + text).slice(-MAX_COMPLAINT)
    this.#arrivals.emit('arrival')
  }

  #story(problem: string): string {
    return [`${this.#name}: ${problem}`, this.#errors.trim()].filter(Boolean).join('\n')
  }
}

/** The event that a line tells of; `undefined` for whatever else a program prints. */
export function parseEvent(line: string, at = performance.now()): ProcessEvent | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const fields = JSON.parse(line) as { event?: unknown }
    return typeof fields.event === 'string' ? { ...fields, event: fields.event, at } : undefined
  } catch {
    return undefined
  }
}
