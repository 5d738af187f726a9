import * as v from 'valibot'
import type { Digest } from '../api.ts'
import {
  createProof,
  PROOF_NONCE_LENGTH,
  type ProofRole,
  type ProofTranscript,
  verifyProof
} from '../content/proof.ts'
import { PeerError } from '../errors.ts'
import type { Random } from '../random.ts'
import type { FrameChannel } from '../wire/frame-channel.ts'
import { type Agreement, exchangeHello, type Hello } from '../wire/hello.ts'
import { bytesOf, receiveAs } from '../wire/message-schema.ts'

/** The two ends of one stream, as this one sees them. */
export interface Conversation {
  channel: FrameChannel
  hello: Hello
  /** Peer ids as text, as libp2p authenticated them. */
  ownPeerId: string
  remotePeerId: string
  random: Random
}

/** What whoever knows an ID can derive from it, and needs here. */
export interface VideoSecrets {
  digest: Digest
  /** See `deriveIdKeys`. */
  proofKey: Uint8Array
}

/** A stream whose initiator proved that it knows the ID. */
export interface Opened<Video> {
  digest: Digest
  video: Video
  agreement: Agreement
}

const DIGEST_LENGTH = 32
const PROOF_LENGTH = 32

const openSchema = v.looseObject({
  type: v.literal('open'),
  digest: bytesOf(DIGEST_LENGTH),
  nonce: bytesOf(PROOF_NONCE_LENGTH)
})
const answerSchema = v.looseObject({ type: v.literal('answer'), nonce: bytesOf(PROOF_NONCE_LENGTH) })
const proofSchema = v.looseObject({ type: v.literal('proof'), mac: bytesOf(PROOF_LENGTH) })
const verdictSchema = v.variant('type', [proofSchema, v.looseObject({ type: v.literal('denied') })])

/**
 * Opens a stream as the side that dialled: HELLO, OPEN, ANSWER, PROOF, PROOF. Neither the ID nor anything that reveals it
 * crosses the wire.
 * @throws PeerError PROOF_INVALID when either side does not know the ID, UPGRADE_NEEDED, FRAME_*
 */
export async function openAsInitiator(
  conversation: Conversation,
  secrets: VideoSecrets,
  signal: AbortSignal
): Promise<Agreement> {
  const { channel, hello } = conversation
  const agreement = await exchangeHello(channel, hello, signal)
  const nonce = conversation.random.bytes(PROOF_NONCE_LENGTH)
  await channel.send({ type: 'open', digest: Buffer.from(secrets.digest, 'hex'), nonce }, signal)
  const answer = await receiveAs(channel, answerSchema, signal)
  const transcript = transcriptOf(conversation, 'initiator', nonce, answer.nonce)
  await sendProof(conversation, 'initiator', secrets.proofKey, transcript, signal)
  const verdict = await receiveAs(channel, verdictSchema, signal)
  if (verdict.type === 'denied') {
    throw proofInvalid('That peer does not share this video. Try another peer.')
  }
  if (!verifyProof(secrets.proofKey, 'responder', transcript, verdict.mac)) {
    throw proofInvalid('A peer claims a video that it does not know. Another peer is tried.')
  }
  return agreement
}

/**
 * Answers a stream. A digest that `find` does not know is answered exactly like a wrong proof, so that asking teaches nothing.
 * @throws PeerError PROOF_INVALID after DENIED was sent; UPGRADE_NEEDED, FRAME_*
 */
export async function openAsResponder<Video extends { proofKey: Uint8Array }>(
  conversation: Conversation,
  find: (digest: Digest) => Video | undefined,
  signal: AbortSignal
): Promise<Opened<Video>> {
  const { channel, hello, random } = conversation
  const agreement = await exchangeHello(channel, hello, signal)
  const open = await receiveAs(channel, openSchema, signal)
  const digest = Buffer.from(open.digest).toString('hex')
  const video = find(digest)
  const nonce = random.bytes(PROOF_NONCE_LENGTH)
  await channel.send({ type: 'answer', nonce }, signal)
  const proof = await receiveAs(channel, proofSchema, signal)
  const transcript = transcriptOf(conversation, 'responder', open.nonce, nonce)
  // Without the video the same work is done with a key that nobody has.
  const proofKey = video?.proofKey ?? random.bytes(PROOF_LENGTH)
  if (!verifyProof(proofKey, 'initiator', transcript, proof.mac) || !video) {
    await channel.send({ type: 'denied' }, signal)
    throw proofInvalid('A peer asked for a video without knowing its ID. It was refused.')
  }
  await sendProof(conversation, 'responder', proofKey, transcript, signal)
  return { digest, video, agreement }
}

function transcriptOf(
  { ownPeerId, remotePeerId }: Conversation,
  ownRole: ProofRole,
  initiatorNonce: Uint8Array,
  responderNonce: Uint8Array
): ProofTranscript {
  const [initiator, responder] =
    ownRole === 'initiator' ? [ownPeerId, remotePeerId] : [remotePeerId, ownPeerId]
  return { initiator, responder, initiatorNonce, responderNonce }
}

async function sendProof(
  { channel }: Conversation,
  role: ProofRole,
  proofKey: Uint8Array,
  transcript: ProofTranscript,
  signal: AbortSignal
): Promise<void> {
  await channel.send({ type: 'proof', mac: createProof(proofKey, role, transcript) }, signal)
}

function proofInvalid(message: string): PeerError {
  return new PeerError('PROOF_INVALID', message)
}
