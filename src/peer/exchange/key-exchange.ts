import * as v from 'valibot'
import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'
import { MAX_GRANT_BYTES } from '../keys/grant.ts'
import { MAX_KEY_REQUEST_BYTES } from '../keys/key-request.ts'
import type { Random } from '../random.ts'
import { FrameChannel } from '../wire/frame-channel.ts'
import type { Hello } from '../wire/hello.ts'
import { bytesUpTo, integer, receiveAs, textUpTo } from '../wire/message-schema.ts'
import { BusyError } from './busy-error.ts'
import { withDeadline } from './deadline.ts'
import type { OpenStream, PeerTarget } from './open-stream.ts'
import { openAsInitiator, type VideoSecrets } from './opening.ts'
import { OPENING_MILLISECONDS } from './stream-acceptor.ts'

/** One key request and its answer over one stream. */
export const KEY_PROTOCOL = '/chordcast/key/1'
export const KEY_HELLO: Hello = { versions: [1], features: [], limits: {} }

/** Bytes of one message of this protocol at most; requests and grants carry RSA keys and signatures. */
export const MAX_KEY_MESSAGE_BYTES = 8 * 1024
/** The owner may have to look at the request and approve it. */
export const GRANT_MILLISECONDS = 120_000
const CLOSING_MILLISECONDS = 2_000

/** What the asking side sends once the stream is open: see `createKeyRequest`. */
export const keyRequestSchema = v.looseObject({
  type: v.literal('key-request'),
  request: bytesUpTo(MAX_KEY_REQUEST_BYTES)
})

const keyAnswerSchema = v.variant('type', [
  v.looseObject({ type: v.literal('grant'), grant: bytesUpTo(MAX_GRANT_BYTES) }),
  v.looseObject({
    type: v.literal('denied'),
    code: textUpTo(64),
    /** Milliseconds, with BUSY. */
    retryAfter: v.optional(integer(0, 3_600_000))
  })
])

export interface RequestKeyInit {
  openStream: OpenStream
  target: PeerTarget
  secrets: VideoSecrets
  ownPeerId: string
  /** Signed bytes: see `createKeyRequest`. */
  request: Uint8Array
  clock: Clock
  random: Random
}

/**
 * Asks one peer for the key of a video; returns the bytes of its grant, not verified: see `openGrant`.
 * @throws PeerError KEY_DENIED, PEER_UNREACHABLE, TIMEOUT, PROOF_INVALID, UPGRADE_NEEDED, FRAME_*; BusyError
 */
export async function requestKey(init: RequestKeyInit, signal: AbortSignal): Promise<Uint8Array> {
  const stream = await init.openStream(init.target, KEY_PROTOCOL, { signal, allowLimited: true })
  const channel = new FrameChannel(stream, { maxFrameBytes: MAX_KEY_MESSAGE_BYTES })
  try {
    const grant = await converse(init, channel, signal)
    await withDeadline(init.clock, CLOSING_MILLISECONDS, signal, deadline => channel.close(deadline))
    return grant
  } catch (error) {
    channel.abort(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

async function converse(
  init: RequestKeyInit,
  channel: FrameChannel,
  signal: AbortSignal
): Promise<Uint8Array> {
  const { clock, ownPeerId, random, target, secrets, request } = init
  const conversation = { channel, hello: KEY_HELLO, ownPeerId, remotePeerId: target.peerId, random }
  await withDeadline(clock, OPENING_MILLISECONDS, signal, async deadline => {
    await openAsInitiator(conversation, secrets, deadline)
    await channel.send({ type: 'key-request', request }, deadline)
  })
  const answer = await withDeadline(clock, GRANT_MILLISECONDS, signal, deadline =>
    receiveAs(channel, keyAnswerSchema, deadline)
  )
  if (answer.type === 'grant') return answer.grant
  if (answer.code === 'BUSY') throw new BusyError(answer.retryAfter ?? 1000)
  throw new PeerError('KEY_DENIED', 'That peer does not hand out the key of this video. Ask its owner.')
}
