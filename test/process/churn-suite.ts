import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Churn, type Sample } from './churn.ts'
import { median, type Usage } from './usage.ts'

export interface ChurnSize {
  peers: number
  /** How long peers are killed for. */
  seconds: number
  /** Seconds from one check to the next. A look-up takes 13 requests: a check by 30 peers keeps two cores busy for half a minute. */
  checkEvery: number
}

/** What the last third of the run may take more than the first: the memory's growth while a process warms up. */
const MEMORY_GROWTH = 0.25
/** A share alone would be less than one connection. */
const DESCRIPTOR_GROWTH = 0.2
const DESCRIPTORS_SPARE = 5

/**
 * Real processes on loopback, each of which shares a video. One, drawn from the seed, is killed (SIGKILL) each five seconds and
 * started again half a second to two and a half seconds later, under its identity and port; three are away at most. Each
 * `checkEvery` seconds every living peer looks up every video. The rules:
 *
 * - A peer lives from the moment that it says that it shares until it is killed; what it answers while it is killed is no answer.
 * - A video is found when one look-up, not repeated, names its sharer among the holders. That is so whether the sharer is up at
 *   that moment or not: its record outlives it.
 * - A video counts from the beginning, which is when every peer has found every video once. Nothing is forgiven after that.
 *
 * `CHORDCAST_CHURN_SEED` repeats a run.
 */
export function describeChurn({ peers, seconds, checkEvery }: ChurnSize): void {
  const seed = Number(process.env.CHORDCAST_CHURN_SEED ?? Math.floor(Math.random() * 2 ** 32))

  describe(`a ring of ${peers} processes of which one is killed each 5 s for ${seconds} s (seed ${seed})`, function () {
    this.timeout((seconds + 600) * 1000)
    let folder: string
    let churn: Churn

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'chordcast-churn-'))
      churn = new Churn({ folder, seed, peers, seconds, checkEvery })
      await churn.start()
      await churn.run()
    })

    after(async () => {
      await churn.stop()
      await rm(folder, { recursive: true })
    })

    it('finds every shared video at every check from every living peer', () => {
      const { misses, lookups, checks, kills, startSeconds } = churn
      console.log(
        `      ${kills} kills, ${checks} checks, ${lookups} look-ups, ${misses.length} misses; ${startSeconds.toFixed(0)} s to start`
      )
      const first = misses.slice(0, 20).map(miss => JSON.stringify(miss))
      assert.equal(misses.length, 0, `${misses.length} of ${lookups} look-ups missed:\n${first.join('\n')}`)
      assert.ok(lookups > (peers * peers * checks) / 2, `only ${lookups} look-ups counted`)
    })

    it('lets every killed peer come back', () => {
      const { failures, kills, restartSeconds } = churn
      console.log(
        `      back after ${median(restartSeconds).toFixed(1)} s, at most ${Math.max(...restartSeconds).toFixed(1)} s`
      )
      assert.deepEqual(failures, [])
      assert.equal(restartSeconds.length, kills)
    })

    if (process.platform === 'linux') {
      it('takes no more memory and descriptors in the end than in the beginning', () => {
        const thirds = [0, 2].map(third => usageOfThird(churn.samples, third, seconds))
        const [begin, end] = thirds
        assert(begin && end)
        const words = `memory ${begin.memory.toFixed(0)} to ${end.memory.toFixed(0)} MiB, descriptors ${begin.descriptors} to ${end.descriptors}`
        console.log(`      ${words}`)
        assert.ok(end.memory <= begin.memory * (1 + MEMORY_GROWTH), words)
        assert.ok(end.descriptors <= begin.descriptors * (1 + DESCRIPTOR_GROWTH) + DESCRIPTORS_SPARE, words)
      })
    }
  })
}

/** Medians over the peers that are never killed, in the first (0) or the last (2) third of the run. */
function usageOfThird(samples: readonly Sample[], third: number, seconds: number): Usage {
  const from = (third * seconds) / 3
  const within = samples.filter(({ second }) => second >= from && second < from + seconds / 3)
  return {
    memory: median(within.map(({ memory }) => memory)),
    descriptors: median(within.map(({ descriptors }) => descriptors))
  }
}
