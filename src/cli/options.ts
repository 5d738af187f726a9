import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import envPaths from 'env-paths'
import { DEFAULT_CACHE_QUOTA, MIN_CACHE_QUOTA } from '../peer/download/ciphertext-cache.ts'
import type { LogLevel } from '../peer/log.ts'
import {
  DEFAULT_IDLE_SECONDS,
  DEFAULT_MAX_CONNECTIONS,
  DEFAULT_MAX_TRANSFERS,
  type PeerSettings
} from '../peer/settings.ts'
import { parseStrategy, type Strategy } from '../peer/strategy.ts'

/** What every command understands. */
export interface CommonOptions {
  data: string
  host: string[]
  port: number
  bootstrap: string[]
  mdns: boolean
  json: boolean
  uploadLimit: number
  downloadLimit: number
  cacheQuota: number
  maxConnections: number
  idleTimeout: number
  maxTransfers: number
  strategy?: Strategy
  logLevel: LogLevel | 'off'
}

const MIB = 1024 ** 2
const MAX_PORT = 65_535

/** Adds the options that all commands share. */
export function withCommonOptions(command: Command): Command {
  return command
    .option(
      '--data <dir>',
      'data folder: keys, library, journals',
      value => resolve(value),
      envPaths('chordcast', { suffix: '' }).data
    )
    .option(
      '--host <ip>',
      'address to listen on and announce; repeatable (default: all interfaces)',
      collect,
      []
    )
    .option('--port <n>', 'port to listen on; 0 draws one and keeps it with the data folder', parsePort, 0)
    .option('--bootstrap <address>', 'host:port or multiaddr of a peer of the ring; repeatable', collect, [])
    .option('--no-mdns', 'do not look for peers on the local network')
    .option('--json', 'print one JSON object a line on stdout, and only that', false)
    .option('--upload-limit <KiB/s>', 'chunk payload to send at most; 0 for no limit', parseLimit, 0)
    .option('--download-limit <KiB/s>', 'chunk payload to receive at most; 0 for no limit', parseLimit, 0)
    .addOption(
      new Option('--strategy <key=value,…>', 'for measurements: policies to use instead of the default ones')
        .argParser(parseStrategyOption)
        .hideHelp()
    )
    .option(
      '--cache-quota <MiB>',
      'ciphertext to keep of videos that are watched without being saved',
      parseQuota,
      DEFAULT_CACHE_QUOTA / MIB
    )
    .option(
      '--max-connections <n>',
      'connections open at once',
      parseAtLeast(10, 10_000),
      DEFAULT_MAX_CONNECTIONS
    )
    .option(
      '--idle-timeout <seconds>',
      'a connection without a conversation for so long is closed',
      parseAtLeast(10, 86_400),
      DEFAULT_IDLE_SECONDS
    )
    .option(
      '--max-transfers <n>',
      'chunks sent at once, to all peers together',
      parseAtLeast(1, 10_000),
      DEFAULT_MAX_TRANSFERS
    )
    .addOption(
      new Option('--log-level <level>', 'what to write to stderr')
        .choices(['off', 'trace', 'debug', 'info', 'warn', 'error'])
        .default('off')
    )
}

/** The engine's settings for one command. `stay`: whether this peer stands in the ring for longer than one errand. */
export function settingsOf(options: CommonOptions, more: { stay: boolean; relay?: boolean }): PeerSettings {
  return {
    hosts: options.host,
    port: options.port,
    lanDiscovery: options.mdns,
    downloadFolder: process.cwd(),
    uploadLimit: options.uploadLimit * 1024,
    downloadLimit: options.downloadLimit * 1024,
    cacheQuota: options.cacheQuota * MIB,
    maxConnections: options.maxConnections,
    idleSeconds: options.idleTimeout,
    maxTransfers: options.maxTransfers,
    ...(options.strategy ? { strategy: options.strategy } : {}),
    ...more
  }
}

/** Reads a TCP port, 0 included. */
export function parsePort(text: string): number {
  return parseWhole(text, MAX_PORT, `a port is a whole number from 0 to ${MAX_PORT}.`)
}

function parseStrategyOption(text: string): Strategy {
  try {
    return parseStrategy(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

function parseQuota(text: string): number {
  const least = MIN_CACHE_QUOTA / MIB
  const value = parseWhole(text, 2 ** 32, `a quota is a whole number of MiB, ${least} or more.`)
  if (value < least) throw new InvalidArgumentError(`a quota is ${least} MiB or more.`)
  return value
}

function parseAtLeast(least: number, most: number): (text: string) => number {
  const complaint = `this is a whole number from ${least} to ${most}.`
  return text => {
    const value = parseWhole(text, most, complaint)
    if (value < least) throw new InvalidArgumentError(complaint)
    return value
  }
}

function parseLimit(text: string): number {
  return parseWhole(text, 2 ** 32, 'a limit is a whole number of KiB/s, or 0 for none.')
}

function parseWhole(text: string, max: number, complaint: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= max)) throw new InvalidArgumentError(complaint)
  return value
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value]
}
