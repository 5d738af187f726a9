import type { Verdict } from './verdict.ts'

/** A message on a topic, its signature checked. */
export interface TopicMessage {
  /** Peer id of whoever signed it. */
  author: string
  /** Peer id of whoever it came from. */
  relay: string
  data: Uint8Array
}

export interface TopicHandlers {
  /** Decides, before it is passed on, what becomes of a message; acts on those that it accepts. Must be quick. */
  judge(message: TopicMessage): Verdict
  /** A connected peer subscribed. */
  joined(peerId: string): void
}

/** Publishing and subscribing as the gossip sees it: gossipsub, or a simulation. */
export interface Pubsub {
  subscribe(topic: string, handlers: TopicHandlers): void
  /** Nothing happens when others have subscribed since: `handlers` are those of `subscribe`. */
  unsubscribe(topic: string, handlers: TopicHandlers): void
  /** Resolves with the number of peers it went to. */
  publish(topic: string, data: Uint8Array): Promise<number>
  /** Peers with which messages of a topic are exchanged directly. */
  meshPeers(topic: string): ReadonlySet<string>
}
