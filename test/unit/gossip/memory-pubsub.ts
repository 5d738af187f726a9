import type { Pubsub, TopicHandlers } from '../../../src/peer/gossip/pubsub.ts'

/** Topics within one process: every subscriber hears every message, and judges it. */
export class MemoryTopics {
  readonly #subscribers = new Map<string, Map<string, TopicHandlers>>()

  subscribersOf(topic: string): string[] {
    return [...(this.#subscribers.get(topic)?.keys() ?? [])]
  }

  /** As one peer sees it. */
  pubsubOf(peerId: string): Pubsub {
    return {
      subscribe: (topic, handlers) => {
        const subscribers = this.#subscribers.get(topic) ?? new Map()
        for (const [other, { joined }] of subscribers) {
          joined(peerId)
          handlers.joined(other)
        }
        this.#subscribers.set(topic, subscribers.set(peerId, handlers))
      },
      unsubscribe: (topic, handlers) => {
        const subscribers = this.#subscribers.get(topic)
        if (subscribers?.get(peerId) === handlers) subscribers.delete(peerId)
      },
      publish: async (topic, data) => {
        const others = [...(this.#subscribers.get(topic) ?? [])].filter(([other]) => other !== peerId)
        for (const [, { judge }] of others) judge({ author: peerId, relay: peerId, data })
        return others.length
      },
      meshPeers: topic => new Set(this.subscribersOf(topic).filter(other => other !== peerId))
    }
  }
}
