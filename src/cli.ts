#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander'
import { runCatalogue } from './cli/commands/catalogue.ts'
import { runFetch } from './cli/commands/fetch.ts'
import { runLookup } from './cli/commands/lookup.ts'
import { runPeer } from './cli/commands/peer.ts'
import { runShare, type ShareCommandOptions } from './cli/commands/share.ts'
import { runStatus } from './cli/commands/status.ts'
import { runVerify } from './cli/commands/verify.ts'
import { letHeapGrow } from './cli/heap-growth.ts'
import { nodeComplaint } from './cli/node-version.ts'
import { type CommonOptions, parsePort, settingsOf, withCommonOptions } from './cli/options.ts'
import { humanReport, jsonReport, type Report } from './cli/report.ts'
import { type Session, withJoinedPeer, withRunningPeer } from './cli/session.ts'
import { toPeerError } from './peer/errors.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2
const EXIT_INTERRUPTED = 130
const GOOD_BYE_MILLISECONDS = 2_800

const EXAMPLES = `
Examples:
  chordcast peer 4101                                start a ring on port 4101
  chordcast peer 4102 192.0.2.7:4101                 join it from another machine
  chordcast share demo.webm --bootstrap 192.0.2.7:4101
  chordcast fetch bafyrei… --out ~/Videos --bootstrap 192.0.2.7:4101
  chordcast fetch 'chordcast:bafyrei…?via=/ip4/192.0.2.7/tcp/4101/p2p/Qm…'   a link needs no bootstrap
`

const interrupted = new AbortController()

function buildProgram(): Command {
  const program = new Command('chordcast')
    .description('Share videos peer to peer, end-to-end encrypted, with no server and no account.')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
  const add = (usage: string, description: string, hidden = false): Command =>
    withCommonOptions(program.command(usage, { hidden }).description(description)).exitOverride()

  add('peer', 'join (or start) a ring and stay')
    .argument('[port]', 'port to listen on', parsePort)
    .argument('[bootstrap...]', 'peers of the ring to join')
    .option('--relay', 'carry traffic for peers that cannot be dialled', false)
    .action(
      async (port: number | undefined, bootstrap: string[], own: CommonOptions & { relay: boolean }) => {
        const options = { ...own, port: port ?? own.port, bootstrap: [...bootstrap, ...own.bootstrap] }
        await joined(options, { stay: true, relay: own.relay }, runPeer)
      }
    )

  add('share', 'share files and stay to serve them')
    .argument('<file...>', 'videos to share')
    // Understood, to be refused with a reason: only the policy "open" exists yet.
    .addOption(new Option('--policy <policy>').default('open').hideHelp())
    .addOption(new Option('--allow <peerId>').hideHelp())
    .addOption(new Option('--expires <time>').hideHelp())
    .addOption(new Option('--max <n>').hideHelp())
    .option('--poster <image>', 'picture that stands for the video: JPEG, PNG or WebP of at most 64 KiB')
    .option(
      '--fast-start',
      'of an MP4 whose index comes last, share a copy made beside it that begins with it',
      false
    )
    .option('--new', 'make a new ID even if this file is shared already', false)
    .option('--list', 'show the IDs to everybody in the ring: whoever is in it can watch', false)
    .action(async (files: string[], own: CommonOptions & SharePolicyOptions & ShareCommandOptions) => {
      refusePolicies(own)
      await joined(own, { stay: true }, session => runShare(session, files, own))
    })

  add('fetch', 'fetch, verify and merge a video')
    .argument('<id|link>')
    .option('--out <path>', 'file or folder to save to (default: the current folder)')
    .option('--seed', 'stay and share on what was fetched', false)
    .option('--watch', 'print a URL that plays the video while it arrives; save it; stay', false)
    .addOption(
      new Option('--watch-only', 'print a URL that plays the video; keep only ciphertext of it; stay')
        .default(false)
        .conflicts(['out', 'seed', 'watch'])
    )
    .action(async (id: string, own: CommonOptions & FetchOptions) => {
      const stay = own.seed || own.watch || own.watchOnly
      await joined(own, { stay }, session => runFetch(session, id, own))
    })

  add('mirror', 'hold ciphertext and serve it (not yet)', true)
    .argument('<id|link>')
    .action(() => {
      throw usage('mirror does not exist yet. Use "fetch --seed" to hold and serve a video.')
    })

  add('lookup', 'show who holds what, and by which hops')
    .argument('<id|link>')
    .action((id: string, own: CommonOptions) =>
      joined(own, { stay: false }, session => runLookup(session, id))
    )

  add('catalogue', 'show the videos that peers of the ring list for everybody').action((own: CommonOptions) =>
    joined(own, { stay: false }, runCatalogue)
  )

  add('verify', 'check a file against an ID')
    .argument('<file>')
    .argument('<id|link>')
    .action((file: string, id: string, own: CommonOptions) =>
      joined(own, { stay: false }, session => runVerify(session, file, id))
    )

  add('status', 'show the running peer of this data folder').action((own: CommonOptions) =>
    withRunningPeer(own, settingsOf(own, { stay: false }), api => runStatus(api, reportFor(own)))
  )
  return program
}

interface SharePolicyOptions {
  policy: string
  allow?: string
  expires?: string
  max?: string
}

interface FetchOptions {
  out?: string
  seed: boolean
  watch: boolean
  watchOnly: boolean
}

function refusePolicies(options: SharePolicyOptions): void {
  if (!['open', 'ask', 'peers'].includes(options.policy)) throw usage('--policy is open, ask or peers.')
  if (options.policy === 'open' && !options.allow && !options.expires && !options.max) return
  throw usage(
    'Only the policy "open" exists yet: whoever has the ID can watch. Leave out --policy, --allow, --expires and --max.'
  )
}

function usage(message: string): CommanderError {
  return new CommanderError(EXIT_USAGE, 'chordcast.usage', message)
}

function reportFor(options: { json: boolean }): Report {
  return options.json ? jsonReport(process) : humanReport(process)
}

function joined(
  options: CommonOptions,
  role: { stay: boolean; relay?: boolean },
  command: (session: Session) => Promise<void>
): Promise<void> {
  return withJoinedPeer(options, settingsOf(options, role), reportFor(options), interrupted.signal, command)
}

/** Runs the program; the result is the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
async function main(argv: string[]): Promise<number> {
  const json = argv.includes('--json')
  const complaint = nodeComplaint(process.versions.node)
  if (complaint !== undefined) {
    process.stderr.write(`chordcast: ${complaint}\n`)
    return EXIT_FAILED
  }
  try {
    await buildProgram().parseAsync(argv)
    return interrupted.signal.aborted ? EXIT_INTERRUPTED : 0
  } catch (error) {
    if (error instanceof CommanderError) return exitOfUsage(error)
    if (interrupted.signal.aborted) return EXIT_INTERRUPTED
    reportFor({ json }).error(toPeerError(error))
    return EXIT_FAILED
  }
}

function exitOfUsage(error: CommanderError): number {
  if (error.exitCode === 0) return 0
  // Commander has printed its own complaints already.
  if (error.code === 'chordcast.usage') process.stderr.write(`chordcast: ${error.message}\n`)
  return EXIT_USAGE
}

function onInterrupt(): void {
  interrupted.abort()
  // Whoever waits for us must not wait for a network that hangs.
  setTimeout(() => process.exit(EXIT_INTERRUPTED), GOOD_BYE_MILLISECONDS).unref()
}

/** Whoever read our output has gone (`chordcast … | head`): there is nobody left to tell, so this ends without a word. */
function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE')
    process.stderr.write(`chordcast: the output cannot be written: ${error.message}\n`)
  if (!interrupted.signal.aborted) onInterrupt()
}

letHeapGrow()
process.stdout.on('error', onOutputError)
// What goes wrong with the messages beside the output cannot be told anywhere.
process.stderr.on('error', () => undefined)
process.once('SIGINT', onInterrupt)
process.once('SIGTERM', onInterrupt)
process.exitCode = await main(process.argv)
// Whatever is still open (a keep-alive socket, a timer of a library) must not hold the shell.
process.exit()
