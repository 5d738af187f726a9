import { mkdir } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { PeerError, systemErrorCode } from '../peer/errors.ts'

/**
 * The absolute path that `--out` names; the current folder by default. A trailing separator says "folder" even where none
 * exists yet, as with cp and rsync: it is made.
 * @throws PeerError FOLDER_UNWRITABLE
 */
export async function prepareOutput(out: string | undefined): Promise<string> {
  if (!out) return process.cwd()
  const path = resolve(out)
  if (out.endsWith('/') || out.endsWith(sep)) await makeFolder(path)
  return path
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw new PeerError(
      'FOLDER_UNWRITABLE',
      `The folder ${folder} cannot be made (${systemErrorCode(error) ?? String(error)}). Choose another one with --out.`,
      { cause: error }
    )
  }
}
