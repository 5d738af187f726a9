import type { GossipSnapshot } from './gossip.ts'

/** The gossip in one line, for people. */
export function describeGossip(gossip: GossipSnapshot): string {
  const { topics, meshPeers, sent, asked, accepted, ignored, rejected } = gossip
  const heard = `${accepted} heard, ${ignored} ignored, ${rejected} rejected`
  return `Hints about ${topics} videos, ${meshPeers} peers directly: ${sent} sent (${asked} questions), ${heard}`
}
