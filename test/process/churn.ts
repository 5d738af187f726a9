import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SeededRandom } from '../sim/chord/seeded-random.ts'
import { Peers } from './cli-peer.ts'
import { writeSampleFile } from './sample-file.ts'
import { Sharer } from './sharer.ts'
import { type Usage, usageOf } from './usage.ts'

export interface ChurnInit {
  /** Where files and data folders are made. */
  folder: string
  seed: number
  peers: number
  /** How long peers are killed for. */
  seconds: number
  /** Seconds from one check of all videos by all peers to the next; later when a check takes longer. */
  checkEvery: number
}

/** A video that a living peer did not find. */
export interface Miss {
  /** Seconds since the killing began. */
  second: number
  /** Index of the peer that looked it up. */
  peer: number
  /** Index of the sharer whose video it was. */
  video: number
  isOwnerUp: boolean
  what: string
}

/** What a peer that is never killed took of the machine. */
export interface Sample extends Usage {
  second: number
  peer: number
}

const KILL_INTERVAL = 5_000
/** Milliseconds for which a killed peer stays away, at least and at most. */
const AWAY = [500, 2_500] as const
const SAMPLE_INTERVAL = 5_000
/** Look-ups that run at once in the whole ring. */
const LOOKUPS = 4
/** Addresses that everybody starts with: those of the first peers, which are killed like others. */
const BOOTSTRAPS = 3
/** Peers that are away at most: on a busy machine, where starting takes long, killing waits. */
const AWAY_AT_ONCE = 3
/** Peers that are never killed, so that their memory can be compared over the whole time. */
const SPARED = 4
const SETTLE_DEADLINE = 90_000
const LOOKUP_DEADLINE = 30_000

/** A ring of sharing processes, one of which is killed and started again each five seconds. */
export class Churn {
  readonly misses: Miss[] = []
  readonly samples: Sample[] = []
  /** Peers that did not come back, and why. */
  readonly failures: string[] = []
  /** Look-ups that counted. */
  lookups = 0
  checks = 0
  kills = 0
  /** What it took until every peer had found every video. */
  startSeconds = 0
  readonly #init: ChurnInit
  readonly #random: SeededRandom
  /** Of its own, so that the victims do not depend on how long look-ups take. */
  readonly #order: SeededRandom
  readonly #peers: Peers
  readonly #sharers: Sharer[] = []
  readonly #restarts = new Set<Promise<void>>()
  #beganAt = 0

  constructor(init: ChurnInit) {
    this.#init = init
    this.#random = new SeededRandom(init.seed)
    this.#order = new SeededRandom(init.seed + 1)
    this.#peers = new Peers(init.folder)
  }

  /** Seconds that the restarted peers took until they said that they share. */
  get restartSeconds(): number[] {
    return this.#sharers.flatMap(sharer => sharer.starts.slice(1))
  }

  /** Starts all peers and waits until each finds every video. */
  async start(): Promise<void> {
    const since = performance.now()
    const { folder, peers } = this.#init
    for (let index = 0; index < peers; index++) {
      const source = join(folder, `video-${index}.webm`)
      await writeSampleFile(source, 100 * 1024 + index)
      this.#sharers.push(new Sharer(this.#peers, index, source))
    }
    // One after another: on two cores several at once take longer together.
    for (const sharer of this.#sharers) await sharer.start(this.#bootstrap())
    await this.#settle()
    this.startSeconds = (performance.now() - since) / 1000
  }

  /** Kills and restarts for as long as asked for, checks and samples meanwhile, and once more when all are back. */
  async run(): Promise<void> {
    this.#beganAt = performance.now()
    const end = this.#beganAt + this.#init.seconds * 1000
    await Promise.all([
      this.#repeat(KILL_INTERVAL, end, () => this.#killOne()),
      this.#repeat(this.#init.checkEvery * 1000, end, () => this.#check()),
      this.#repeat(SAMPLE_INTERVAL, end, () => this.#sample())
    ])
    await Promise.all(this.#restarts)
    await this.#check()
  }

  /** Ends every process. */
  async stop(): Promise<void> {
    for (const { life } of this.#sharers) life?.close()
    await this.#peers.stopAll()
  }

  get #second(): number {
    return (performance.now() - this.#beganAt) / 1000
  }

  #bootstrap(): string[] {
    return this.#sharers.slice(0, BOOTSTRAPS).flatMap(({ address }) => (address ? [address] : []))
  }

  async #settle(): Promise<void> {
    const deadline = performance.now() + SETTLE_DEADLINE
    for (;;) {
      const misses = await this.#lookUpAll()
      if (misses.length === 0) return
      assert(performance.now() < deadline, `The ring did not settle: ${JSON.stringify(misses.slice(0, 5))}`)
      await delay(500)
    }
  }

  /** Runs `action` each `interval`, late if the run before takes longer. */
  async #repeat(interval: number, end: number, action: () => Promise<void>): Promise<void> {
    for (let due = performance.now(); due < end; due = Math.max(due + interval, performance.now())) {
      await delay(Math.max(0, due - performance.now()))
      await action()
    }
  }

  async #killOne(): Promise<void> {
    while (this.#restarts.size >= AWAY_AT_ONCE) await Promise.race(this.#restarts)
    const up = this.#sharers.filter(({ index, life }) => life && !this.#isSpared(index))
    const victim = this.#random.pick(up)
    const [least, most] = AWAY
    const away = least + this.#random.float() * (most - least)
    this.kills++
    await victim.kill()
    const restart = this.#restart(victim, away).finally(() => this.#restarts.delete(restart))
    this.#restarts.add(restart)
  }

  async #restart(victim: Sharer, away: number): Promise<void> {
    await delay(away)
    try {
      await victim.start(this.#bootstrap())
    } catch (error) {
      this.failures.push(`Peer ${victim.index} did not come back: ${error}`)
    }
  }

  #isSpared(index: number): boolean {
    return index >= this.#init.peers - SPARED
  }

  async #check(): Promise<void> {
    this.checks++
    this.misses.push(...(await this.#lookUpAll()))
  }

  /** Few at a time, in an order drawn from the seed, so that what is measured is the ring and not a queue for the processor. */
  async #lookUpAll(): Promise<Miss[]> {
    const up = this.#sharers.filter(({ life }) => life)
    const queue = this.#shuffled(up.flatMap(sharer => this.#sharers.map(owner => ({ sharer, owner }))))
    const misses: Miss[] = []
    const work = async (): Promise<void> => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const miss = await this.#lookUp(next.sharer, next.owner)
        if (miss) misses.push(miss)
      }
    }
    await Promise.all(Array.from({ length: LOOKUPS }, work))
    return misses
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    const keyed = items.map(item => ({ item, key: this.#order.float() }))
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
  }

  /** What a peer says that was killed meanwhile does not count. */
  async #lookUp(sharer: Sharer, owner: Sharer): Promise<Miss | undefined> {
    const { life } = sharer
    if (!life) return undefined
    const second = Math.round(this.#second * 10) / 10
    const isOwnerUp = owner.life !== undefined
    let what = ''
    try {
      const { holders } = await life.api.lookup(owner.id, {}, AbortSignal.timeout(LOOKUP_DEADLINE))
      if (!holders.some(({ peerId }) => peerId === owner.peerId)) what = `${holders.length} other holders`
    } catch (error) {
      what = String(error)
    }
    if (sharer.life !== life) return undefined
    this.lookups++
    return what ? { second, peer: sharer.index, video: owner.index, isOwnerUp, what } : undefined
  }

  // Only those that are never killed: the others' memory begins anew.
  async #sample(): Promise<void> {
    for (const { index, life } of this.#sharers) {
      if (!life || !this.#isSpared(index)) continue
      this.samples.push({ second: this.#second, peer: index, ...(await usageOf(life.process.pid)) })
    }
  }
}
