import type { SharePolicy } from '../api.ts'
import type { Granters } from '../content/manifest.ts'

/** Ends of a policy that are the same for *ask* and *peers*. */
interface PolicyBounds {
  /** No grants from then on: milliseconds since the epoch. */
  expires?: number
  /** Most distinct receivers, ever. */
  maxReceivers?: number
}

/** Who may have the key of a share. */
export type AccessPolicy =
  | { kind: 'open' }
  | ({ kind: 'ask' } & PolicyBounds)
  | ({ kind: 'peers'; allowed: readonly string[] } & PolicyBounds)

/** What the decision depends on besides the policy. */
export interface AccessSituation {
  /** Peer id of the one who asks, authenticated and with a checked request. */
  receiverPeerId: string
  /** Whether this peer made the share. */
  isOwner: boolean
  /** Whether the share still stands; false once it was un-shared. */
  isShared: boolean
  /** Peer ids that were granted the key before. */
  receivers: ReadonlySet<string>
  /** Milliseconds since the epoch. */
  now: number
}

export type DeniedReason = 'withdrawn' | 'not-owner' | 'expired' | 'full' | 'not-listed'

/** `ask` leaves it to the person at the keyboard. */
export type AccessDecision =
  | { outcome: 'grant' }
  | { outcome: 'ask' }
  | { outcome: 'deny'; reason: DeniedReason }

/** What the manifest of a share with this policy says. */
export function grantersOf(kind: SharePolicy): Granters {
  return kind === 'open' ? 'holders' : 'owner'
}

/** Whether a checked key request is granted. Who was granted once may ask again, as long as the policy stands. */
export function decideAccess(policy: AccessPolicy, situation: AccessSituation): AccessDecision {
  if (!situation.isShared) return deny('withdrawn')
  if (policy.kind === 'open') return { outcome: 'grant' }
  if (!situation.isOwner) return deny('not-owner')
  if (policy.expires !== undefined && situation.now >= policy.expires) return deny('expired')
  if (policy.kind === 'peers' && !policy.allowed.includes(situation.receiverPeerId)) return deny('not-listed')
  if (situation.receivers.has(situation.receiverPeerId)) return { outcome: 'grant' }
  if (policy.maxReceivers !== undefined && situation.receivers.size >= policy.maxReceivers)
    return deny('full')
  return { outcome: policy.kind === 'ask' ? 'ask' : 'grant' }
}

const SENTENCES: Record<DeniedReason, string> = {
  withdrawn: 'The owner stopped sharing this video. Ask for a new ID.',
  'not-owner': 'Only the owner can let you watch this video. Try again when the owner is online.',
  expired: 'The time for getting this video is over. Ask the owner to share it again.',
  full: 'As many people as the owner allowed have this video already. Ask the owner to share it again.',
  'not-listed': 'The owner did not name you among those who may watch. Send the owner your peer id.'
}

/** What the one who was turned away is told. */
export function deniedSentence(reason: DeniedReason): string {
  return SENTENCES[reason]
}

function deny(reason: DeniedReason): AccessDecision {
  return { outcome: 'deny', reason }
}
