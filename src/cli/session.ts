import type { PeerApi, PeerStatus } from '../peer/api.ts'
import { type OpenedPeer, openPeer } from '../peer/control/open-peer.ts'
import { PeerError } from '../peer/errors.ts'
import { FileSealStore } from '../peer/identity/seal-store.ts'
import type { LogLevel, LogLine } from '../peer/log.ts'
import type { PeerSettings } from '../peer/settings.ts'
import type { CommonOptions } from './options.ts'
import type { Report } from './report.ts'

/** What a command works with: a joined peer, the way to speak, and the signal of Ctrl+C. */
export interface Session {
  api: PeerApi
  report: Report
  /** Aborted on SIGINT and SIGTERM. */
  signal: AbortSignal
  /** Whether another process runs the peer. */
  borrowed: boolean
  /** Monotonic milliseconds at which `listening` was reported. */
  listeningSince: number
}

const LEVELS: LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error']

/** Opens the peer of the data folder, joins, runs the command, and leaves in good order whatever happened. */
export async function withJoinedPeer(
  options: CommonOptions,
  settings: PeerSettings,
  report: Report,
  signal: AbortSignal,
  command: (session: Session) => Promise<void>
): Promise<void> {
  const peer = await open(options, settings, false)
  try {
    const borrowed = peer.role() === 'client'
    const since = reportListening(peer.api, report)
    await join(peer.api, options, signal)
    await command({ api: peer.api, report, signal, borrowed, listeningSince: await since })
  } finally {
    report.close()
    await peer.close()
  }
}

/** Speaks to the peer that runs in the data folder already. */
export async function withRunningPeer(
  options: CommonOptions,
  settings: PeerSettings,
  command: (api: PeerApi) => Promise<void>
): Promise<void> {
  const peer = await open(options, settings, true)
  try {
    await command(peer.api)
  } finally {
    await peer.close()
  }
}

/** Resolves when the user interrupts: for commands that stay. */
export function untilInterrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(new PeerError('ABORTED', 'Interrupted.'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

function open(options: CommonOptions, settings: PeerSettings, clientOnly: boolean): Promise<OpenedPeer> {
  return openPeer({
    dataFolder: options.data,
    sealStore: new FileSealStore(options.data),
    settings,
    clientOnly,
    // This command joins by itself, with the bootstrap that it was given.
    rejoin: false,
    log: line => writeLog(line, options.logLevel)
  })
}

function writeLog(line: LogLine, level: CommonOptions['logLevel']): void {
  if (level === 'off' || LEVELS.indexOf(line.level) < LEVELS.indexOf(level)) return
  process.stderr.write(
    `${new Date(line.time).toISOString()} ${line.level} [${line.component}] ${line.message}\n`
  )
}

async function join(api: PeerApi, options: CommonOptions, signal: AbortSignal): Promise<void> {
  const status = await api.status()
  if (status.state !== 'joined' || options.bootstrap.length > 0) await api.join(options.bootstrap, signal)
}

// `listening` comes before the ring is joined: whoever waits for it wants to dial us, or to measure from here.
function reportListening(api: PeerApi, report: Report): Promise<number> {
  return new Promise(resolve => {
    const onStatus = (status: PeerStatus): void => {
      if (status.addresses.length === 0) return
      stop()
      report.listening(status)
      resolve(performance.now())
    }
    const stop = api.on('status', onStatus)
    // A peer that cannot tell its status cannot join either, and joining reports why.
    api.status().then(onStatus, () => stop())
  })
}
