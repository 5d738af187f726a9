import { mkdir } from 'node:fs/promises'
import * as vscode from 'vscode'
import type { VideoSnapshot } from '../../peer/api.ts'
import type { VideoLink } from '../../peer/content/link.ts'
import { PeerError, systemErrorCode } from '../../peer/errors.ts'
import { commands } from '../ids.ts'
import type { Services } from '../services.ts'
import { isComplete } from '../video-state.ts'
import { askForReference } from './ask-for-reference.ts'
import { chooseVideos } from './choose-videos.ts'
import type { Command } from './command.ts'
import { loadParser } from './read-reference.ts'
import { showDownload } from './show-download.ts'

/** How a video is fetched, and what the user is asked. */
interface FetchKind {
  title: string
  /** Whether it becomes a file. */
  save: boolean
}

const toFile: FetchKind = { title: 'Fetch Video by ID', save: true }
const toWatch: FetchKind = { title: 'Watch Without Saving', save: false }

/** Fetching by ID or link, asked for or given as the argument. */
export function fetchCommands(services: Services): Command[] {
  return [
    { id: commands.fetchVideo, run: argument => fetchVideo(services, argument, toFile) },
    { id: commands.watchWithoutSaving, run: argument => fetchVideo(services, argument, toWatch) },
    { id: commands.saveVideo, run: (...args) => saveVideos(services, args) }
  ]
}

async function fetchVideo(
  services: Services,
  argument: unknown,
  { title, save }: FetchKind
): Promise<VideoSnapshot | undefined> {
  const reference =
    typeof argument === 'string' ? (await loadParser())(argument) : await askForReference(title)
  return reference === undefined ? undefined : await fetchReference(services, reference, save)
}

/** Makes files of videos that were only watched so far. */
async function saveVideos(services: Services, args: unknown[]): Promise<void> {
  const suits = ({ watchOnly }: VideoSnapshot): boolean => watchOnly === true
  const none = 'Every video here is saved.'
  for (const { id } of await chooseVideos(services, args, { title: 'Save Video', suits, none }))
    await fetchReference(services, { id, addresses: [] }, true)
}

/** Fetches what the user has confirmed; the player opens at once, unless the settings say otherwise. */
export async function fetchReference(
  services: Services,
  reference: VideoLink,
  save: boolean
): Promise<VideoSnapshot | undefined> {
  const { controller, configuration, selection, players, forwarding, errors, logger } = services
  if (!(await controller.join())) return undefined
  const api = await controller.open()
  forwarding.prepare(api)
  if (save) await makeFolder(configuration.peerSettings().downloadFolder)
  const video = await api.fetch(await linkText(reference), { save })
  logger.info(`fetching ${video.digest.slice(0, 8)}`)
  controller.model.takeVideo(video)
  selection.select(video.digest)
  const watches = !save || configuration.get('watchOnFetch')
  if (watches) players.open(video.digest)
  // What is only watched has no end to show.
  if (save && !isComplete(video))
    showDownload(services, video, !watches).catch((error: unknown) => errors.show(error))
  return video
}

/** The form that the engine reads. */
export async function linkText(reference: VideoLink): Promise<string> {
  const { formatLink } = await import('../../peer/content/link.ts')
  return formatLink(reference)
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    const reason = systemErrorCode(error) ?? 'unknown reason'
    const message = `The download folder ${folder} cannot be made (${reason}). Choose another one in the settings.`
    throw new PeerError('FOLDER_UNWRITABLE', message, { cause: error })
  }
}

/** Asks the user about a link that came from outside; nothing was dialled before. */
export async function confirmReference(reference: VideoLink): Promise<boolean> {
  const fetch = 'Fetch'
  const options = { modal: true, detail: `${describeContacts(reference)}\n\nID: ${reference.id}` }
  const question = 'Fetch a video with Chordcast?'
  return (await vscode.window.showInformationMessage(question, options, fetch)) === fetch
}

function describeContacts({ addresses }: VideoLink): string {
  if (addresses.length === 0) return 'Peers of your ring will be asked for it. They will see your IP address.'
  return `These addresses will be dialled and will see your IP address:\n${addresses.join('\n')}`
}
