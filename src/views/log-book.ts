import type { LogLine } from '../peer/log.ts'

/** The part of the editor's log channel that is used here. */
export interface LogSink {
  trace(message: string): void
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** Writes each line to the log channel and remembers the last ones for the diagnostics. */
export class LogBook {
  readonly #sink: LogSink
  readonly #capacity: number
  readonly #lines: LogLine[] = []

  constructor(sink: LogSink, capacity = 200) {
    this.#sink = sink
    this.#capacity = capacity
  }

  readonly write = (line: LogLine): void => {
    this.#sink[line.level](`[${line.component}] ${line.message}`)
    if (line.level === 'trace') return
    this.#lines.push(line)
    if (this.#lines.length > this.#capacity) this.#lines.shift()
  }

  /** The last lines, oldest first. */
  get recent(): readonly LogLine[] {
    return this.#lines
  }
}
