import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'
import { decideAccess, deniedSentence } from '../keys/access-policy.ts'
import { createGrant } from '../keys/grant.ts'
import { verifyKeyRequest } from '../keys/key-request.ts'
import type { Signer } from '../wire/signature.ts'
import { videoUnshared } from './unsharing.ts'
import type { VideoShelf } from './video-shelf.ts'

export interface GrantingInit {
  shelf: VideoShelf
  identity: Signer
  clock: Clock
}

/** Hands out content keys of videos whose manifest this peer verified itself, as their policy allows. */
export class Granting {
  readonly #init: GrantingInit

  constructor(init: GrantingInit) {
    this.#init = init
  }

  /**
   * The bytes of a grant for a request that came from `peerId`, who proved to know the ID.
   * @throws PeerError KEY_DENIED, SIGNATURE_INVALID, PROTOCOL_VIOLATION
   */
  async grant(digest: Digest, requestBytes: Uint8Array, peerId: string): Promise<Uint8Array> {
    const { shelf, identity, clock } = this.#init
    const request = await verifyKeyRequest(requestBytes, peerId)
    const video = shelf.find(digest)
    if (request.digest !== digest || !video?.contentKey || !video.content) {
      throw new PeerError('KEY_DENIED', 'This peer does not have the key of that video. Ask another one.')
    }
    if (video.isUnshared) throw new PeerError('KEY_DENIED', videoUnshared().message)
    const situation = {
      receiverPeerId: peerId,
      isOwner: video.entry.origin === 'shared',
      isShared: true,
      receivers: new Set<string>(),
      now: clock.now()
    }
    const decision = decideAccess({ kind: 'open' }, situation)
    if (decision.outcome === 'deny') throw new PeerError('KEY_DENIED', deniedSentence(decision.reason))
    return await createGrant({ request, contentKey: video.contentKey, now: clock.now() }, identity)
  }
}
