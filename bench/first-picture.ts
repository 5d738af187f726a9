import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../test/harness/browser.ts'
import type { Bar, BenchContext, Benchmark, Column, Figures, Outcome, Result } from './harness/benchmark.ts'
import { BrowserPlayer } from './harness/browser-player.ts'
import { ChordcastSeeder, startChordcast } from './harness/chordcast.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'
import type { LineProcess } from './harness/line-process.ts'
import { type LongVideo, type LongVideos, makeLongVideos } from './harness/long-videos.ts'
import { MIB, type Scratch } from './harness/scratch.ts'
import { whoIsHere } from './harness/who-is-here.ts'

const MEBIBYTES = 64
/** Bytes per second: `--upload-limit 5120`. */
const UPLOAD_LIMIT = 5 * MIB
/** Milliseconds of playing in which stalls are counted. */
const PLAYING = 5000
/** Where the seek goes, as a share of the whole. */
const SEEK_TO = 0.8

const MOOV_FIRST = 'MP4, moov first'
const MOOV_LAST = 'MP4, moov last'
const WEBM = 'WebM'

const COLUMNS: Column[] = [
  { figure: 'firstByte', title: 'first byte s', digits: 2 },
  { figure: 'firstPicture', title: 'first picture s', digits: 2 },
  { figure: 'later', title: 'later than moov first, s', digits: 2 },
  { figure: 'stalls', title: 'stalls', digits: 0 },
  { figure: 'arrived', title: 'arrived by then, %', digits: 0 },
  { figure: 'seek', title: `seek to ${SEEK_TO * 100} %, s`, digits: 2 }
]

const BARS: Bar[] = [
  ...[MOOV_FIRST, MOOV_LAST, WEBM].flatMap((contender): Bar[] => [
    { claim: `${contender}: first picture ≤ 1.5 s`, contender, figure: 'firstPicture', most: 1.5 },
    { claim: `${contender}: no stalls`, contender, figure: 'stalls', most: 0 }
  ]),
  { claim: 'moov last within 0.5 s of moov first', contender: MOOV_LAST, figure: 'later', most: 0.5 }
]

/** How soon a browser shows a video that arrives over a slow line. */
export const firstPicture: Benchmark = {
  name: 'first-picture',
  summary:
    'a seeder capped at 5 MiB/s, a real browser: seconds to the first picture of MP4, MP4 with moov last, WebM',
  runs: 3,
  runsInReport: 2,
  minutes: 3,
  run: measure
}

/** One of the files; `missing` tells why the browser could not play it. */
interface Watched {
  name: string
  video: LongVideo
  missing(): Promise<string | undefined>
}

async function measure(context: BenchContext): Promise<Outcome> {
  const mebibytes = context.mebibytes ?? MEBIBYTES
  const videos = await makeLongVideos(await context.scratch.newFolder(), mebibytes * MIB)
  const browser = await launchBrowser()
  try {
    const { here, notes } = await whoIsHere(filesToWatch(videos, browser))
    const contenders = here.map(({ name, video }) => ({
      name,
      measure: () => watch(browser, video, context.scratch)
    }))
    const results = withLater(await runContest(contenders, context))
    const title = `${mebibytes} MiB, a seeder capped at 5 MiB/s, ${PLAYING / 1000} s of playing, then a seek`
    return {
      sections: [{ title, subject: 'file', columns: COLUMNS, results }],
      verdicts: judge(BARS, results),
      notes: [...HOW, ...notes]
    }
  } finally {
    await browser.close()
  }
}

const HOW = [
  'The clock starts when the fetcher listens, with the order to fetch; the browser and its page are open by then. The first picture is the first frame that the browser has decoded and shown.',
  'The same ten seconds of pictures and sound again and again, without being encoded anew. Both MP4s hold the same bytes: only the place of their index differs.',
  'At so low a bit rate, 0.1 Mbit/s, the index takes 4 % of an MP4: 0.5 s of the line for 64 MiB. Videos of usual bit rates have smaller ones. A stall would be the fault of what is asked for when, not of the line.',
  'The place of the seek may be here by then.'
]

function filesToWatch({ moovFirst, moovLast, webm }: LongVideos, browser: Browser): Watched[] {
  const named: [string, LongVideo][] = [
    [MOOV_FIRST, moovFirst],
    [MOOV_LAST, moovLast],
    [WEBM, webm]
  ]
  return named.map(([name, video]) => ({
    name,
    video,
    missing: async () =>
      (await claims(browser, video.type)) ? undefined : `the browser does not play ${video.type}`
  }))
}

function claims(browser: Browser, type: string): Promise<boolean> {
  return withPage(browser, player => player.claims(type))
}

function watch(browser: Browser, video: LongVideo, scratch: Scratch): Promise<Figures> {
  return withPage(browser, async player => {
    const folders = [await scratch.newFolder(), await scratch.newFolder()] as const
    const seeder = await ChordcastSeeder.start(video, { folder: folders[0], uploadLimit: UPLOAD_LIMIT })
    const fetcher = startChordcast(join(folders[1], 'data'), ['fetch', seeder.address, '--watch-only'])
    try {
      return await playAndSeek(player, fetcher)
    } finally {
      await Promise.all([fetcher.stop(), seeder.stop()])
      await Promise.all(folders.map(folder => scratch.remove(folder)))
    }
  })
}

async function withPage<Found>(
  browser: Browser,
  use: (player: BrowserPlayer) => Promise<Found>
): Promise<Found> {
  const player = await BrowserPlayer.open(browser)
  try {
    return await use(player)
  } finally {
    await player.close()
  }
}

async function playAndSeek(player: BrowserPlayer, fetcher: LineProcess): Promise<Figures> {
  const { at: orderedAt } = await fetcher.event('listening')
  const { url } = await fetcher.event('stream')
  const { firstByteAt, firstPictureAt } = await player.play(String(url))
  await delay(PLAYING)
  const stalls = await player.stalls()
  const progress = fetcher.last('progress')
  return {
    firstByte: (firstByteAt - orderedAt) / 1000,
    firstPicture: (firstPictureAt - orderedAt) / 1000,
    stalls,
    arrived: (Number(progress?.have) / Number(progress?.chunks)) * 100,
    seek: await player.seek(SEEK_TO)
  }
}

/** How much later than the file with `moov` first the one with `moov` last has shown its picture, in the same run. */
function withLater(results: readonly Result[]): Result[] {
  const first = results.find(({ name }) => name === MOOV_FIRST)
  return results.map(result => {
    if (result.name !== MOOV_LAST) return result
    const runs = result.runs.map((figures, run) => {
      const others = first?.runs[run]
      const later = Number(figures?.firstPicture) - Number(others?.firstPicture)
      return figures && others ? { ...figures, later } : figures
    })
    return { ...result, runs }
  })
}
