import { basename, dirname, extname, join, resolve } from 'node:path'
import { PeerError, systemErrorCode } from '../errors.ts'
import { fileError } from './file-error.ts'
import type { FileSystem } from './file-system.ts'

/** What an unfinished file is called: the final name and this. */
export const PART_SUFFIX = '.part'

/** Numbers tried before a folder counts as full of files of that name. */
const MAX_ATTEMPTS = 1000

/** Where a download goes. */
export interface DownloadTarget {
  /** Absolute path of a folder that exists. */
  readonly folder: string
  /** Name that the user chose; without it, the name in the metadata is used. */
  readonly fileName?: string | undefined
  /** Replace a file of that name. Otherwise a number is added to the name. */
  readonly overwrite?: boolean | undefined
}

/**
 * Reads what the user gave as output: an existing folder, or a file path. Without it, the default folder is made if needed.
 * @throws PeerError FOLDER_UNWRITABLE
 */
export async function resolveTarget(
  output: string | undefined,
  defaultFolder: string,
  overwrite: boolean,
  fs: FileSystem
): Promise<DownloadTarget> {
  if (output === undefined) {
    await makeFolder(defaultFolder, fs)
    return { folder: resolve(defaultFolder), overwrite }
  }
  const path = resolve(output)
  if (await isFolder(path, fs)) return { folder: path, overwrite }
  if (!(await isFolder(dirname(path), fs))) throw missingFolder(dirname(path))
  return { folder: dirname(path), fileName: basename(path), overwrite }
}

/** `name`, `name (2)`, `name (3)`, … with the extension kept: what is tried when files of that name exist. */
export function* numberedNames(name: string): Generator<string> {
  const extension = extname(name)
  const stem = name.slice(0, name.length - extension.length)
  yield name
  for (let number = 2; number <= MAX_ATTEMPTS; number++) yield `${stem} (${number})${extension}`
}

/**
 * Path of `name` in `folder`.
 * @throws PeerError FOLDER_UNWRITABLE if the name would leave the folder
 */
export function pathInside(folder: string, name: string): string {
  const path = join(folder, name)
  if (dirname(path) !== resolve(folder) || basename(path) !== name) {
    throw new PeerError(
      'FOLDER_UNWRITABLE',
      'The file name would leave the chosen folder. Choose a file name.'
    )
  }
  return path
}

/** For when every number was tried. */
export function tooManyFiles(name: string): PeerError {
  return new PeerError('FILE_EXISTS', `The folder is full of files named ${name}. Choose another folder.`)
}

/** Whether something is at `path`, a dangling link included. */
export async function exists(path: string, fs: FileSystem): Promise<boolean> {
  try {
    await fs.lstat(path)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    throw fileError(error, path)
  }
}

async function isFolder(path: string, fs: FileSystem): Promise<boolean> {
  try {
    return (await fs.stat(path)).isDirectory()
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw fileError(error, path)
  }
}

async function makeFolder(path: string, fs: FileSystem): Promise<void> {
  try {
    await fs.mkdir(path, { recursive: true })
  } catch (error) {
    throw fileError(error, path)
  }
}

function missingFolder(path: string): PeerError {
  return new PeerError('FOLDER_UNWRITABLE', `There is no folder ${path}. Make it, or choose another one.`)
}
