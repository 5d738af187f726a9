import type { Clock } from '../clock.ts'
import { Bitfield } from '../content/bitfield.ts'
import { PeerError } from '../errors.ts'
import type { Random } from '../random.ts'
import { FrameChannel } from '../wire/frame-channel.ts'
import {
  CHUNK_HELLO,
  CHUNK_PROTOCOL,
  type HaveMessage,
  isSlice,
  MAX_ANSWER_BYTES,
  parseAnswer
} from './chunk-messages.ts'
import { ChunkSession } from './chunk-session.ts'
import { withDeadline } from './deadline.ts'
import type { OpenStream, PeerTarget } from './open-stream.ts'
import { openAsInitiator, type VideoSecrets } from './opening.ts'
import { OPENING_MILLISECONDS } from './stream-acceptor.ts'
import type { TokenBucket } from './token-bucket.ts'

/** HELLO, OPEN and PROOF each wait for their answer: nothing else queues on the stream yet. */
const OPENING_ROUND_TRIPS = 3

export interface OpenChunkSessionInit {
  openStream: OpenStream
  target: PeerTarget
  secrets: VideoSecrets
  ownPeerId: string
  /** The number of chunks, once the manifest is known. */
  chunkCount?: number
  downloadLimiter: TokenBucket
  clock: Clock
  random: Random
  /** Where others that fetch this video may dial this peer. */
  ownAddresses?(): readonly string[]
  /** Chunk payload that has just arrived. */
  onReceived?(bytes: number): void
  /** See `ChunkSessionInit`: for streams whose bytes nobody else holds. */
  release?(bytes: Uint8Array): void
}

/**
 * Opens a chunk session: connects, proves knowledge of the ID both ways, and learns what the other side holds.
 * @throws PeerError PEER_UNREACHABLE, BUSY, TIMEOUT, PROOF_INVALID, UPGRADE_NEEDED, PROTOCOL_VIOLATION, FRAME_*
 */
export async function openChunkSession(
  init: OpenChunkSessionInit,
  signal: AbortSignal
): Promise<ChunkSession> {
  const { openStream, target, clock, downloadLimiter, ownAddresses, onReceived, release } = init
  const stream = await openStream(target, CHUNK_PROTOCOL, { signal })
  const channel = new FrameChannel(stream, { maxFrameBytes: MAX_ANSWER_BYTES, keepsPieces: isSlice })
  try {
    const { have, roundTripMilliseconds } = await withDeadline(
      clock,
      OPENING_MILLISECONDS,
      signal,
      deadline => open(init, channel, deadline)
    )
    return new ChunkSession({
      channel,
      remotePeerId: target.peerId,
      have,
      roundTripMilliseconds,
      clock,
      downloadLimiter,
      ...(ownAddresses && { ownAddresses }),
      ...(onReceived && { onReceived }),
      ...(release && { release })
    })
  } catch (error) {
    channel.abort(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

async function open(
  init: OpenChunkSessionInit,
  channel: FrameChannel,
  signal: AbortSignal
): Promise<{ have: Bitfield; roundTripMilliseconds: number }> {
  const { ownPeerId, random, clock, target, secrets, chunkCount } = init
  const conversation = { channel, hello: CHUNK_HELLO, ownPeerId, remotePeerId: target.peerId, random }
  const since = clock.monotonic()
  await openAsInitiator(conversation, secrets, signal)
  const roundTripMilliseconds = (clock.monotonic() - since) / OPENING_ROUND_TRIPS
  const have = await receiveHave(channel, signal)
  if (chunkCount !== undefined && have.count !== chunkCount) {
    throw new PeerError('PROTOCOL_VIOLATION', 'A peer holds another number of chunks than the video has.')
  }
  return { have: Bitfield.fromBytes(have.count, have.bits), roundTripMilliseconds }
}

async function receiveHave(channel: FrameChannel, signal: AbortSignal): Promise<HaveMessage> {
  for (;;) {
    const message = await channel.receive(signal)
    if (!message) throw new PeerError('FRAME_TRUNCATED', 'A peer ended the conversation early. Try again.')
    const answer = parseAnswer(message)
    if (answer?.type === 'have') return answer
    if (answer) throw new PeerError('PROTOCOL_VIOLATION', 'A peer did not say first what it holds.')
  }
}
