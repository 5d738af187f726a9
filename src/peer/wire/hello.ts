import * as v from 'valibot'
import { PeerError } from '../errors.ts'
import type { FrameChannel } from './frame-channel.ts'
import { integer, listUpTo, receiveAs, textUpTo } from './message-schema.ts'

/** The first message on every stream, from both sides. Unknown fields are kept and ignored. */
export interface Hello {
  /** Versions of the protocol that this side speaks. */
  versions: number[]
  /** Names of optional abilities. */
  features: string[]
  /** Bounds that this side asks the other to keep, by name. */
  limits: Record<string, number>
  /** Features without which this side cannot go on. */
  critical?: string[]
}

/** What both sides agreed on. */
export interface Agreement {
  version: number
  remote: Hello
}

const helloSchema = v.looseObject({
  type: v.literal('hello'),
  versions: listUpTo(integer(1, 1_000_000), 16),
  features: listUpTo(textUpTo(64), 64),
  limits: v.record(textUpTo(64), integer()),
  critical: v.optional(listUpTo(textUpTo(64), 64))
})

/**
 * Sends our HELLO, reads theirs, and settles on the highest common version.
 * @throws PeerError UPGRADE_NEEDED when there is none, or when they hold something critical that we do not know
 */
export async function exchangeHello(
  channel: FrameChannel,
  own: Hello,
  signal: AbortSignal
): Promise<Agreement> {
  await channel.send({ type: 'hello', ...own }, signal)
  return agree(own, await receiveAs(channel, helloSchema, signal))
}

/** The pure half of `exchangeHello`. */
export function agree(own: Hello, remote: Hello): Agreement {
  const common = own.versions.filter(version => remote.versions.includes(version))
  const unknown = (remote.critical ?? []).filter(feature => !own.features.includes(feature))
  if (common.length === 0 || unknown.length > 0) {
    throw new PeerError(
      'UPGRADE_NEEDED',
      'That peer speaks a newer Chordcast. Update the extension to talk to it.'
    )
  }
  return { version: Math.max(...common), remote }
}
