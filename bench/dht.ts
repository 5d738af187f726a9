import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { quantile } from '../test/sim/swarm/statistics.ts'
import type {
  BenchContext,
  Benchmark,
  Chart,
  Contender,
  Figures,
  Outcome,
  Result
} from './harness/benchmark.ts'
import { runContest } from './harness/contest.ts'
import { RunningPeer } from './harness/running-peer.ts'
import type { Scratch } from './harness/scratch.ts'

const SIZES = [8, 16, 32]
const VIDEOS = 4
const LOOKUPS = 60
/** Processes that start at a time. */
const AT_ONCE = 4
const SETTLE_DEADLINE = 60_000
const POLL = 250
const TRACKER = 'one question over HTTP, as to a tracker'

const COLUMNS = [
  { figure: 'median', title: 'ms, median', digits: 1 },
  { figure: 'p95', title: '95 %', digits: 1 },
  { figure: 'most', title: 'at most', digits: 1 },
  { figure: 'asked', title: 'peers asked, mean', digits: 1 },
  { figure: 'failed', title: 'found nobody', digits: 0 },
  { figure: 'settled', title: 's until all videos are found', digits: 1 }
]

/** How long it takes to learn who holds a video. */
export const dht: Benchmark = {
  name: 'dht',
  summary: `look-ups in rings of ${SIZES.join(', ')} processes, against one question to a server`,
  runs: 1,
  minutes: 4,
  run: measure
}

async function measure(context: BenchContext): Promise<Outcome> {
  const rings = SIZES.map(
    (size): Contender => ({ name: ringOf(size), measure: () => lookUpIn(size, context.scratch) })
  )
  const results = await runContest([{ name: TRACKER, measure: askTracker }, ...rings], context)
  const title = `${LOOKUPS} look-ups of ${VIDEOS} videos, from all members in turn`
  return {
    sections: [{ title, subject: 'ring', columns: COLUMNS, results }],
    verdicts: [],
    notes: [
      'Everything runs on one machine, where a round trip takes no time: what is measured is work. Over a network each hop adds its round trip.'
    ],
    charts: [chartOf(results)]
  }
}

function ringOf(size: number): string {
  return `${size} members`
}

async function lookUpIn(size: number, scratch: Scratch): Promise<Figures> {
  const folder = await scratch.newFolder()
  const members: RunningPeer[] = []
  try {
    await startRing(members, size, folder, scratch)
    const ids = await Promise.all(
      members.slice(0, VIDEOS).map(async ({ process }) => String((await process.event('shared')).id))
    )
    const since = performance.now()
    await untilFound(members, ids)
    const settled = (performance.now() - since) / 1000
    return { ...(await lookUp(members, ids)), settled }
  } finally {
    await Promise.all(Object.values(members).map(member => member.stop()))
    await scratch.remove(folder)
  }
}

async function startRing(
  members: RunningPeer[],
  size: number,
  folder: string,
  scratch: Scratch
): Promise<void> {
  const { path } = await scratch.sample(1)
  const start = async (index: number, bootstrap: string[]): Promise<void> => {
    const command = index < VIDEOS ? ['share', path] : ['peer']
    members[index] = await RunningPeer.start(`${folder}/${index}`, [...command, ...bootstrap])
  }
  await start(0, [])
  const bootstrap = ['--bootstrap', String(await members[0]?.address())]
  for (let next = 1; next < size; next += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, size - next) }, (_, offset) => next + offset)
    await Promise.all(batch.map(index => start(index, bootstrap)))
  }
}

async function untilFound(members: readonly RunningPeer[], ids: readonly string[]): Promise<void> {
  const deadline = performance.now() + SETTLE_DEADLINE
  const missing = new Set(ids)
  for (;;) {
    for (const id of missing) {
      const asked = members.at(-1)
      // What fails now may be found at the next round.
      const found = await asked?.api.lookup(id).catch(() => undefined)
      if (found && found.holders.length > 0) missing.delete(id)
    }
    if (missing.size === 0) return
    if (performance.now() > deadline) throw new Error(`${missing.size} videos were not found in time.`)
    await delay(POLL)
  }
}

async function lookUp(members: readonly RunningPeer[], ids: readonly string[]): Promise<Figures> {
  const times: number[] = []
  let asked = 0
  let failed = 0
  for (let count = 0; count < LOOKUPS; count++) {
    const member = members[count % members.length]
    const id = ids[count % ids.length]
    if (!member || id === undefined) continue
    const since = performance.now()
    const found = await member.api.lookup(id)
    times.push(performance.now() - since)
    asked += found.steps.length
    if (found.holders.length === 0) failed++
  }
  return { ...summaryOf(times), asked: asked / times.length, failed }
}

async function askTracker(): Promise<Figures> {
  const server = createServer((_request, response) => response.end('{}'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const times: number[] = []
    for (let count = 0; count < LOOKUPS; count++) {
      const since = performance.now()
      await (await fetch(`http://127.0.0.1:${port}/`)).text()
      times.push(performance.now() - since)
    }
    return summaryOf(times)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

function summaryOf(times: readonly number[]): Figures {
  return { median: quantile(times, 0.5), p95: quantile(times, 0.95), most: Math.max(...times) }
}

function chartOf(results: readonly Result[]): Chart {
  const line = (figure: string): { x: number; y: number }[] =>
    SIZES.flatMap(size => {
      const runs = results.find(({ name }) => name === ringOf(size))?.runs ?? []
      const values = runs.flatMap(figures => figures?.[figure] ?? [])
      return values.length === 0 ? [] : [{ x: size, y: quantile(values, 0.5) }]
    })
  return {
    name: 'performance-lookups',
    text: 'Milliseconds of a look-up over the members of the ring',
    xTitle: 'members of the ring',
    yTitle: 'milliseconds of a look-up',
    xScale: 'log',
    lines: [
      { name: 'median', points: line('median') },
      { name: '95 % are faster', points: line('p95') }
    ]
  }
}
