import { freeMemory } from '../buffer-pool.ts'
import type { Clock } from '../clock.ts'
import type { Manifest } from '../content/manifest.ts'
import type { Holder } from '../download/chunk-holder.ts'
import type { ChunkSession } from '../exchange/chunk-session.ts'
import { requestKey } from '../exchange/key-exchange.ts'
import { openChunkSession } from '../exchange/open-chunk-session.ts'
import type { OpenStream } from '../exchange/open-stream.ts'
import type { TokenBucket } from '../exchange/token-bucket.ts'
import type { Keystore } from '../identity/keystore.ts'
import { openGrant } from '../keys/grant.ts'
import { createKeyRequest, REQUEST_NONCE_LENGTH } from '../keys/key-request.ts'
import type { Random } from '../random.ts'
import type { Video } from '../video/video.ts'
import type { TrafficBook } from './traffic-book.ts'

export interface ExchangeClientInit {
  openStream: OpenStream
  /** Multiaddrs at which others can dial this peer. */
  ownAddresses(): readonly string[]
  keystore: Keystore
  downloadLimiter: TokenBucket
  traffic: TrafficBook
  clock: Clock
  random: Random
}

/** This peer's asking side: chunk sessions with holders, and keys from whoever may grant them. */
export class ExchangeClient {
  readonly #init: ExchangeClientInit
  readonly #ownPeerId: string

  constructor(init: ExchangeClientInit) {
    this.#init = init
    this.#ownPeerId = init.keystore.identity.peerId.toString()
  }

  /** @throws PeerError as `openChunkSession` does */
  async openSession(video: Video, holder: Holder, signal: AbortSignal): Promise<ChunkSession> {
    const { openStream, ownAddresses, downloadLimiter, traffic, clock, random } = this.#init
    const chunkCount = video.content?.manifest.count
    const session = await openChunkSession(
      {
        openStream,
        target: holder,
        secrets: { digest: video.digest, proofKey: video.keys.proofKey },
        ownPeerId: this.#ownPeerId,
        downloadLimiter,
        ownAddresses,
        clock,
        random,
        onReceived: bytes => traffic.received(holder.peerId, bytes),
        // What a connection reads is nobody else's; waiting for a collection would bring many about.
        release: freeMemory,
        ...(chunkCount === undefined ? {} : { chunkCount })
      },
      signal
    )
    traffic.holds(holder.peerId, video.digest, session.have)
    return session
  }

  /**
   * The content key of a video, checked against the manifest's commitment.
   * @throws PeerError KEY_DENIED, GRANT_INVALID, SIGNATURE_INVALID, PEER_UNREACHABLE, TIMEOUT
   */
  async requestKey(
    video: Video,
    manifest: Manifest,
    holder: Holder,
    signal: AbortSignal
  ): Promise<Uint8Array> {
    const { openStream, keystore, clock, random } = this.#init
    const { encryptionKey, identity } = keystore
    const nonce = random.bytes(REQUEST_NONCE_LENGTH)
    const draft = { digest: video.digest, encryptionKey: encryptionKey.publicKey, nonce }
    const grant = await requestKey(
      {
        openStream,
        target: holder,
        secrets: { digest: video.digest, proofKey: video.keys.proofKey },
        ownPeerId: this.#ownPeerId,
        request: await createKeyRequest(draft, identity),
        clock,
        random
      },
      signal
    )
    const expected = {
      ...draft,
      receiverPeerId: this.#ownPeerId,
      privateKey: encryptionKey.privateKey,
      manifest,
      now: clock.now()
    }
    return (await openGrant(grant, expected)).contentKey
  }
}
