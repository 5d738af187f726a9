import type { Metrics } from '@libp2p/interface'
import { toPeerError } from '../errors.ts'
import type { ChordNode } from './chord-node.ts'
import type { Caller, Handlers, Method, Request, Transport } from './rpc/protocol.ts'

const PREFIX = 'chordcast_chord'

/** Adds to one counter of a group; libp2p's own signature names keys only by example. */
type Count = (key: string, by?: number) => void

/**
 * What a peer does for and in its ring, through libp2p's metrics interface: requests by method, look-ups with their hops,
 * records, hand-overs, the role, and changes of the successor list.
 */
export class ChordMetrics {
  readonly #metrics: Metrics
  readonly #sent: Count
  readonly #failed: Count
  readonly #received: Count

  constructor(metrics: Metrics) {
    this.#metrics = metrics
    this.#sent = this.#group('requests_sent', 'method', 'Requests to other peers')
    this.#failed = this.#group(
      'requests_failed',
      'method',
      'Requests to other peers that got no answer or a refusal'
    )
    this.#received = this.#group('requests_received', 'method', 'Requests of other peers that were answered')
  }

  /** The same transport, counted. A request that was given up by the caller is no failure. */
  countRequests(transport: Transport): Transport {
    return {
      call: async (to, method, request, signal) => {
        this.#sent(method)
        try {
          return await transport.call(to, method, request, signal)
        } catch (error) {
          if (toPeerError(error).code !== 'ABORTED') this.#failed(method)
          throw error
        }
      }
    }
  }

  /** The same handlers, counted. */
  countAnswers(handlers: Handlers): Handlers {
    const counted = Object.keys(handlers).map(name => {
      const method = name as Method
      const handle = (caller: Caller, request: Request<Method>, signal: AbortSignal): unknown => {
        this.#received(method)
        return Reflect.apply(handlers[method], handlers, [caller, request, signal])
      }
      return [method, handle]
    })
    // Each method keeps its own handler, and so its types.
    return Object.fromEntries(counted) as Handlers
  }

  /** Counts what a node does from now on. */
  follow(node: ChordNode): void {
    this.#showState(node)
    const lookups = this.#group(
      'lookups',
      'what',
      'Look-ups that found an owner, their hops and peers that did not answer'
    )
    node.network.events.on('lookedUp', ({ hops, failed }) => {
      lookups('found')
      lookups('hops', hops)
      lookups('failed_contacts', failed)
    })
    const records = this.#group(
      'records_offered',
      'outcome',
      'Records that other peers brought, new or not acceptable'
    )
    node.store.events.on('stored', () => records('stored'))
    node.store.events.on('refused', () => records('refused'))
    const moved = this.#group(
      'records_handed_over',
      'direction',
      'Records that came or went with an arc of the ring'
    )
    node.events.on('handOver', ({ direction, records: count }) => moved(direction, count))
    const changes = this.#metrics.registerCounter(`${PREFIX}_successor_changes`, {
      help: 'Changes of the successor list'
    })
    node.ring.events.on('successors', () => changes.increment())
  }

  #showState(node: ChordNode): void {
    this.#metrics.registerMetricGroup(PREFIX, {
      label: 'what',
      help: 'The ring as this peer sees it; member is 1 or 0',
      calculate: () => {
        const { estimatedSize, records, successors, fingers, role } = node.snapshot()
        return {
          estimated_size: estimatedSize,
          records,
          successors: successors.length,
          fingers: fingers.length,
          member: role === 'member' ? 1 : 0
        }
      }
    })
  }

  #group(name: string, label: string, help: string): Count {
    const counters = this.#metrics.registerCounterGroup(`${PREFIX}_${name}`, { label, help })
    return (key, by = 1) => counters.increment({ [key]: by })
  }
}
