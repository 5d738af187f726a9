import { createHmac, timingSafeEqual } from 'node:crypto'

/** Bytes of the nonce that each end draws for each proof. */
export const PROOF_NONCE_LENGTH = 32

/** Who opened the stream, and who answered. */
export type ProofRole = 'initiator' | 'responder'

/** What both ends know of one conversation. */
export interface ProofTranscript {
  /** Peer ids as text, as libp2p authenticated them. */
  initiator: string
  responder: string
  /** 32 random bytes from each end. */
  initiatorNonce: Uint8Array
  responderNonce: Uint8Array
}

/**
 * Proves knowledge of an ID without showing it: HMAC-SHA256 over label, role, both peer ids and both nonces, each preceded by
 * its length. The role keeps a proof from being sent back as the answer to itself.
 * @param proofKey see `deriveIdKeys`
 */
export function createProof(proofKey: Uint8Array, role: ProofRole, transcript: ProofTranscript): Uint8Array {
  const hmac = createHmac('sha256', proofKey)
  const parts = ['chordcast/proof/1', role, transcript.initiator, transcript.responder]
  for (const part of parts) addDelimited(hmac, Buffer.from(part))
  addDelimited(hmac, transcript.initiatorNonce)
  addDelimited(hmac, transcript.responderNonce)
  return hmac.digest()
}

/** Whether the peer in that role knows the ID. Constant time; false for nonces or proofs of a wrong length. */
export function verifyProof(
  proofKey: Uint8Array,
  role: ProofRole,
  transcript: ProofTranscript,
  proof: Uint8Array
): boolean {
  const nonces = [transcript.initiatorNonce, transcript.responderNonce]
  if (nonces.some(nonce => nonce.length !== PROOF_NONCE_LENGTH)) return false
  const expected = createProof(proofKey, role, transcript)
  return proof.length === expected.length && timingSafeEqual(proof, expected)
}

function addDelimited(hmac: ReturnType<typeof createHmac>, part: Uint8Array): void {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  hmac.update(length).update(part)
}
