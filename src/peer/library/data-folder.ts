import { randomInt } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PeerError } from '../errors.ts'
import { readFileIfPresent, storageError, TEMPORARY_SUFFIX, writeFileAtomically } from './atomic-file.ts'

/** Version of the layout that this code writes. */
export const DATA_FOLDER_VERSION = 1

/** Brings the folder at `path` from one version to the next. Must be safe to run again after a crash. */
export type DataFolderMigration = (path: string) => Promise<void>

/** `migrations[n]` leads from version n + 1 to n + 2. */
const migrations: readonly DataFolderMigration[] = []

// Below the ports that Linux, macOS and Windows draw for outgoing connections, so that a kept port is rarely taken.
const FIRST_PORT = 20_000
const END_PORT = 32_768

/** Where a peer keeps everything: paths of its parts, all owner-only. */
export interface DataFolder {
  readonly path: string
  /** `keys/`: the keystore, and in the command line the seal. */
  readonly keys: string
  /** `library/`: one entry, manifest and list of leaves a video. */
  readonly library: string
  /** `journal/`: which chunks of unfinished downloads are here. */
  readonly journal: string
  /** `chunks/<digest>/`: ciphertext of one video. The folder itself is made on first use. */
  chunks(digest: string): string
  /** The TCP port of this folder's peer: drawn at the first call, the same ever after, so that links stay true. */
  listenPort(): Promise<number>
}

export interface OpenDataFolderOptions {
  /** For tests: the version this code writes, and the steps that lead there. */
  version?: number
  migrations?: readonly DataFolderMigration[]
}

/**
 * Makes the folder that is to hold the control socket, before anybody owns the data folder.
 * @throws PeerError FOLDER_UNWRITABLE
 */
export async function createDataFolder(path: string): Promise<void> {
  await makeFolder(path)
}

/**
 * Opens a data folder for the one peer that owns its control socket: makes missing parts, migrates an older layout, and
 * removes what a crash left half-written.
 * @throws PeerError DATA_FOLDER_NEWER, FOLDER_UNWRITABLE, DISK_FULL
 */
export async function openDataFolder(path: string, options: OpenDataFolderOptions = {}): Promise<DataFolder> {
  await makeFolder(path)
  await reachVersion(path, options.version ?? DATA_FOLDER_VERSION, options.migrations ?? migrations)
  const folder = describeFolder(path)
  for (const part of [folder.keys, folder.library, folder.journal, join(path, 'chunks')]) {
    await makeFolder(part)
  }
  for (const part of [path, folder.keys, folder.library, folder.journal]) await sweep(part)
  return folder
}

function describeFolder(path: string): DataFolder {
  return {
    path,
    keys: join(path, 'keys'),
    library: join(path, 'library'),
    journal: join(path, 'journal'),
    chunks: digest => join(path, 'chunks', digest),
    listenPort: () => keptPort(join(path, 'port'))
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw storageError(error, path)
  }
}

async function reachVersion(
  path: string,
  wanted: number,
  steps: readonly DataFolderMigration[]
): Promise<void> {
  const file = join(path, 'VERSION')
  const found = parseNumber(await readFileIfPresent(file))
  if (found === wanted) return
  if (found !== undefined && found > wanted) {
    throw new PeerError(
      'DATA_FOLDER_NEWER',
      `${path} was written by a newer version of Chordcast. Update Chordcast, or choose another data folder.`
    )
  }
  for (let version = found ?? wanted; version < wanted; version++) await steps[version - 1]?.(path)
  await writeFileAtomically(file, Buffer.from(`${wanted}\n`))
}

async function sweep(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name.endsWith(TEMPORARY_SUFFIX)) await rm(join(path, name), { force: true })
  }
}

async function keptPort(file: string): Promise<number> {
  const kept = parseNumber(await readFileIfPresent(file))
  if (kept !== undefined && kept > 0 && kept < 65_536) return kept
  const drawn = randomInt(FIRST_PORT, END_PORT)
  await writeFileAtomically(file, Buffer.from(`${drawn}\n`))
  return drawn
}

function parseNumber(bytes: Uint8Array | undefined): number | undefined {
  const text = bytes && Buffer.from(bytes).toString('latin1').trim()
  return text && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
