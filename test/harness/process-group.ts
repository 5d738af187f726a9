import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

const windows = process.platform === 'win32'

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (windows) child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const running = new Set<ProcessGroup>()
process.once('exit', () => {
  for (const group of running) group.signal('SIGKILL')
})

/**
 * For programs without an ending of their own: lets a signal end this process by way of its `exit` event, so that
 * whatever it has started ends with it.
 */
export function exitOnSignals(): void {
  process.once('SIGTERM', () => process.exit(143))
  process.once('SIGINT', () => process.exit(130))
}

/** A program and everything that it starts, ended together. */
export class ProcessGroup {
  readonly child: ChildProcess
  readonly #exited: Promise<unknown>

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.child = spawn(command, args, { ...options, detached: !windows })
    this.#exited = once(this.child, 'close')
    // Whoever awaits `exited` sees the error; without a listener it would end the whole run.
    this.#exited.catch(() => undefined)
    running.add(this)
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null && this.child.pid !== undefined
  }

  /** Resolves to the exit code, `null` after a signal; rejects when the program could not be started. */
  async exited(): Promise<number | null> {
    await this.#exited
    return this.child.exitCode
  }

  signal(signal: NodeJS.Signals): void {
    signalGroup(this.child, signal)
  }

  /** Asks the group to end, and insists after `graceMilliseconds`. */
  async stop(graceMilliseconds = 5000): Promise<void> {
    this.signal('SIGTERM')
    if (this.running) await Promise.race([this.#exited.catch(() => undefined), delay(graceMilliseconds)])
    this.signal('SIGKILL')
    if (this.running) await this.#exited.catch(() => undefined)
    running.delete(this)
  }
}
