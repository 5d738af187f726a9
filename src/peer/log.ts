export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** One line of the log: when, how important, which part, what happened. */
export interface LogLine {
  /** Milliseconds since the Unix epoch. */
  time: number
  level: LogLevel
  /** The folder of the engine that speaks: `chord`, `exchange`, `download`, … */
  component: string
  message: string
}

/** Where a part of the engine writes its lines. Secrets (IDs, keys, links) are never logged: use digests. */
export interface Logger {
  trace(message: string): void
  debug(message: string): void
  info(message: string): void
  warn(message: string, cause?: unknown): void
  error(message: string, cause?: unknown): void
}

/** Makes the logger of one component on top of one sink. */
export function createLogger(component: string, sink: (line: LogLine) => void, now = Date.now): Logger {
  const write = (level: LogLevel, message: string, cause?: unknown): void => {
    const reason = cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : String(cause)}`
    sink({ time: now(), level, component, message: message + reason })
  }
  return {
    trace: message => write('trace', message),
    debug: message => write('debug', message),
    info: message => write('info', message),
    warn: (message, cause) => write('warn', message, cause),
    error: (message, cause) => write('error', message, cause)
  }
}

/** For tests and for parts that nobody listens to. */
export const silentLogger: Logger = createLogger('silent', () => undefined)
