import { SingleBar } from 'cli-progress'
import type {
  CatalogueEntry,
  LookupResult,
  LookupStep,
  PeerStatus,
  RingSnapshot,
  VerifyResult,
  VideoSnapshot
} from '../peer/api.ts'
import { factsOf } from '../peer/content/media-facts.ts'
import type { PeerError } from '../peer/errors.ts'
import { describeGossip } from '../peer/gossip/gossip-text.ts'
import { countOf, displayName } from '../shared/format.ts'
import { describeFacts } from '../shared/media-facts.ts'

/** Where the program speaks to: stdout for what was asked for, stderr for everything about the way there. */
export interface Streams {
  stdout: { write(text: string): unknown }
  stderr: { write(text: string): unknown; isTTY?: boolean }
}

export interface Completion {
  id: string
  path: string
  sha256: string
  seconds: number
}

/** What a command has to tell, for people or for programs. */
export interface Report {
  listening(status: PeerStatus): void
  ring(ring: RingSnapshot): void
  shared(video: VideoSnapshot, link: string): void
  /** What a video is, as soon as its metadata are known: before any chunk of it. */
  described(video: VideoSnapshot): void
  progress(video: VideoSnapshot): void
  stream(url: string): void
  complete(completion: Completion): void
  /** A step of a look-up, as it happens. */
  hop(step: LookupStep): void
  lookup(result: LookupResult): void
  verified(result: VerifyResult): void
  status(status: PeerStatus, videos: VideoSnapshot[]): void
  catalogue(videos: CatalogueEntry[]): void
  /** A sentence for people only. */
  note(sentence: string): void
  error(error: PeerError): void
  /** Ends what is being drawn. */
  close(): void
}

/** One JSON object a line on stdout (the command line's contract with programs). */
export function jsonReport({ stdout }: Streams): Report {
  const event = (name: string, fields: object): void => {
    stdout.write(`${JSON.stringify({ event: name, ...fields })}\n`)
  }
  return {
    listening: status => event('listening', { peerId: status.peerId, addresses: status.addresses }),
    ring: ring => event('ring', ring),
    shared: (video, link) =>
      event('shared', {
        id: video.id,
        link,
        chunks: video.chunks,
        bytes: video.bytes,
        media: factsOf(video)
      }),
    described: video =>
      event('described', {
        id: video.id,
        name: video.name,
        mimeType: video.mimeType,
        bytes: video.bytes,
        media: factsOf(video)
      }),
    progress: video =>
      event('progress', {
        id: video.id,
        chunks: video.chunks,
        have: video.have,
        peers: video.holders,
        bytesPerSecond: video.downloadBytesPerSecond
      }),
    stream: url => event('stream', { url }),
    complete: completion => event('complete', completion),
    hop: ({ hop, peerId, outcome, milliseconds }) => event('hop', { hop, peerId, outcome, milliseconds }),
    lookup: result => event('lookup', result),
    verified: result => event('verified', result),
    status: (status, videos) => event('status', { ...status, videos }),
    catalogue: videos => event('catalogue', { videos }),
    note: () => undefined,
    error: error => event('error', { code: error.code, message: error.message }),
    close: () => undefined
  }
}

/** Plain sentences on stdout, a progress bar on stderr. */
export function humanReport({ stdout, stderr }: Streams): Report {
  let bar: SingleBar | undefined
  const stopBar = (): void => {
    bar?.stop()
    bar = undefined
  }
  const say = (text: string): void => {
    stopBar()
    stdout.write(`${text}\n`)
  }
  const drawProgress = (video: VideoSnapshot): void => {
    if (!stderr.isTTY || video.chunks === 0) return
    bar ??= startBar(video)
    bar.update(video.have, progressWords(video))
  }
  return {
    listening: status => {
      if (status.notice) stderr.write(`${status.notice}\n`)
      stderr.write(`Listening as ${status.peerId}\n${indented(status.addresses)}`)
    },
    ring: () => undefined,
    shared: (video, link) =>
      say(
        [
          `Sharing ${displayName(video.name)} (${describeContent(video)})`,
          `ID    ${video.id}`,
          `Link  ${link}`
        ].join('\n')
      ),
    described: video => {
      stopBar()
      stderr.write(`Fetching ${displayName(video.name)} (${describeContent(video)})\n`)
    },
    progress: drawProgress,
    stream: url => say(`Watch at ${url}`),
    complete: ({ path, sha256, seconds }) =>
      say(`Saved ${path}\nSHA-256 ${sha256} (${seconds.toFixed(1)} s)`),
    hop: step => say(describeStep(step)),
    lookup: result => say(describeHolders(result)),
    verified: result => say(describeVerification(result)),
    status: (status, videos) => say(describeStatus(status, videos)),
    catalogue: videos => say(describeCatalogue(videos)),
    note: sentence => {
      stopBar()
      stderr.write(`${sentence}\n`)
    },
    error: error => {
      stopBar()
      stderr.write(`chordcast: ${error.message}\n`)
    },
    close: stopBar
  }
}

function startBar(video: VideoSnapshot): SingleBar {
  const bar = new SingleBar({
    format: '{bar} {percentage}% · {value}/{total} chunks · {peers} · {rate}{left}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true
  })
  bar.start(video.chunks, video.have, progressWords(video))
  return bar
}

function progressWords(video: VideoSnapshot): { peers: string; rate: string; left: string } {
  const { holders, have, chunks, bytes, downloadBytesPerSecond: rate } = video
  const seconds = rate > 0 ? Math.ceil((bytes * (1 - have / chunks)) / rate) : 0
  return {
    peers: holders === 1 ? '1 peer' : `${holders} peers`,
    rate: formatRate(rate),
    left: seconds > 0 ? ` · ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left` : ''
  }
}

function describeStep({ hop, peerId, outcome, milliseconds }: LookupStep): string {
  return `hop ${hop}  ${peerId}  ${outcome}, ${Math.round(milliseconds)} ms`
}

function describeHolders({ holders, unshared }: LookupResult): string {
  if (unshared) return 'The owner stopped sharing this video.'
  const lines = holders.map(holder => `${holder.peerId}  ${holder.have}/${holder.chunks} chunks`)
  return lines.length === 0 ? 'Nobody is known to hold this video.' : ['Holders:', ...lines].join('\n')
}

function describeVerification(result: VerifyResult): string {
  if (result.matches) return `The file holds what the ID says (SHA-256 ${result.sha256}).`
  const where = result.firstBadChunk === undefined ? '' : ` It differs from chunk ${result.firstBadChunk} on.`
  return `The file does not hold what the ID says.${where}`
}

function describeCatalogue(videos: CatalogueEntry[]): string {
  if (videos.length === 0) return 'Nobody in this ring lists a video.'
  return videos
    .map(({ id, name, bytes, peerId }) => `${name}  ${formatBytes(bytes)}  listed by ${peerId}\n  ${id}`)
    .join('\n')
}

function describeStatus(status: PeerStatus, videos: VideoSnapshot[]): string {
  const lines = videos.map(
    video =>
      `  ${displayName(video.name)}  ${video.state}  ${video.have}/${video.chunks} chunks  ${video.unshared ? 'no longer shared by its owner' : countOf(video.holders, 'holder')}  ${describeContent(video)}`
  )
  return [
    `${status.state} as ${status.peerId}`,
    ...(status.ring ? describeRing(status.ring) : ['not in a ring']),
    ...status.addresses.map(address => `  ${address}`),
    ...(status.gossip ? [describeGossip(status.gossip)] : []),
    ...lines
  ].join('\n')
}

function describeRing(ring: RingSnapshot): string[] {
  const { name, role, roleReason, estimatedSize, position, predecessor, successors, fingers, records } = ring
  return [
    `${role} of ring "${name}", about ${countOf(estimatedSize, 'member')}. ${roleReason}`,
    `  position     ${position}`,
    `  predecessor  ${predecessor ?? 'not known yet'}`,
    ...successors.map((peerId, index) => `  ${`successor ${index + 1}`.padEnd(12)} ${peerId}`),
    `  ${fingers.length} fingers, ${records} records`
  ]
}

function indented(lines: string[]): string {
  return lines.map(line => `  ${line}\n`).join('')
}

/** Size, and what the headers tell: `134.4 KiB, 0:10, 320 × 180, 25 fps, H.264 + AAC`. */
function describeContent(video: VideoSnapshot): string {
  const facts = displayName(describeFacts(video))
  return [formatBytes(video.bytes), ...(facts === '' ? [] : [facts])].join(', ')
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  const units = ['KiB', 'MiB', 'GiB']
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`
}

function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`
}
