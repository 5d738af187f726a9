import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { PeerApi } from '../../src/peer/api.ts'
import { ControlClient } from '../../src/peer/control/control-client.ts'
import { claimControl } from '../../src/peer/control/control-lock.ts'
import { silentLogger } from '../../src/peer/log.ts'
import type { CliPeer, Peers } from './cli-peer.ts'

/** One life of a sharer: from the moment that its process says that it shares until it is killed. */
export interface Life {
  process: CliPeer
  /** The running peer, asked through the control socket of its data folder. */
  api: PeerApi
  close(): void
}

/** A peer that shares one video in a process of its own, and comes back under the same identity and port. */
export class Sharer {
  readonly index: number
  /** Seconds from each start until it said that it shares. */
  readonly starts: number[] = []
  readonly #peers: Peers
  readonly #source: string
  readonly #data: string
  #life: Life | undefined
  #id = ''
  #peerId = ''
  #address = ''

  constructor(peers: Peers, index: number, source: string) {
    this.#peers = peers
    this.index = index
    this.#source = source
    this.#data = peers.newDataFolder()
  }

  /** The ID of its video. */
  get id(): string {
    return this.#id
  }

  get peerId(): string {
    return this.#peerId
  }

  get address(): string {
    return this.#address
  }

  /** Undefined while it is down, or on its way up. */
  get life(): Life | undefined {
    return this.#life
  }

  /** Resolves once it has joined and says that it shares its video. */
  async start(bootstrap: readonly string[]): Promise<void> {
    const since = performance.now()
    const ways = bootstrap.filter(address => address !== this.#address)
    const args = ['share', this.#source, ...ways.flatMap(address => ['--bootstrap', address])]
    const process = this.#peers.start(args, { data: this.#data })
    await this.#remember(process)
    this.starts.push((performance.now() - since) / 1000)
    const client = await connect(this.#data)
    this.#life = { process, api: client.api, close: () => client.close() }
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    const life = this.#life
    assert(life, 'it is down already')
    this.#life = undefined
    life.close()
    await life.process.kill()
  }

  async #remember(process: CliPeer): Promise<void> {
    const { id } = await process.event('shared')
    const { peerId } = await process.event('listening')
    const address = await process.address()
    if (this.#id) {
      const now = { id, peerId, address }
      assert.deepEqual(now, { id: this.#id, peerId: this.#peerId, address: this.#address })
    }
    this.#id = String(id)
    this.#peerId = String(peerId)
    this.#address = address
  }
}

async function connect(dataFolder: string): Promise<ControlClient> {
  for (;;) {
    const claim = await claimControl(dataFolder, false)
    if (claim?.role === 'client') return await ControlClient.connect(claim.socket, false, silentLogger)
    await delay(50)
  }
}
