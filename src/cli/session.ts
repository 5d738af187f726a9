import type { PeerApi, PeerStatus } from '../peer/api.ts'
import { type OpenedPeer, type OpenPeerOptions, openPeer } from '../peer/control/open-peer.ts'
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
  /** Aborted on SIGINT and SIGTERM, and with a `PeerError` when the peer of another process has gone. */
  signal: AbortSignal
  /** Whether another process runs the peer. */
  borrowed: boolean
  /** Monotonic milliseconds at which `listening` was reported. */
  listeningSince: number
}

const NOT_APPLIED =
  'The peer that runs in this data folder already is used. The --host, --port, --no-mdns and limits given here do not apply to it.'

const LEVELS: LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error']

/** Opens the peer of the data folder, joins, runs the command, and leaves in good order whatever happened. */
export async function withJoinedPeer(
  options: CommonOptions,
  settings: PeerSettings,
  report: Report,
  signal: AbortSignal,
  command: (session: Session) => Promise<void>
): Promise<void> {
  const lost = new AbortController()
  const peer = await open(options, settings, { inherit: settings.stay, onLost: error => lost.abort(error) })
  try {
    const borrowed = peer.role() === 'client'
    if (borrowed && givesOwnSettings(options)) report.note(NOT_APPLIED)
    const since = reportListening(peer.api, report)
    const ended = AbortSignal.any([signal, lost.signal])
    await join(peer.api, options, ended)
    await command({ api: peer.api, report, signal: ended, borrowed, listeningSince: await since })
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
  const peer = await open(options, settings, { clientOnly: true })
  try {
    await command(peer.api)
  } finally {
    await peer.close()
  }
}

/** Why a session's signal was aborted. */
export function interruption({ reason }: AbortSignal): PeerError {
  return reason instanceof PeerError ? reason : new PeerError('ABORTED', 'Interrupted.')
}

/** Rejects when the user interrupts or the peer has gone: for commands that stay. */
export function untilInterrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(interruption(signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

function givesOwnSettings({ host, port, mdns, uploadLimit, downloadLimit }: CommonOptions): boolean {
  return host.length > 0 || port !== 0 || !mdns || uploadLimit !== 0 || downloadLimit !== 0
}

function open(
  options: CommonOptions,
  settings: PeerSettings,
  role: Pick<OpenPeerOptions, 'clientOnly' | 'inherit' | 'onLost'>
): Promise<OpenedPeer> {
  return openPeer({
    dataFolder: options.data,
    sealStore: new FileSealStore(options.data),
    settings,
    ...role,
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
