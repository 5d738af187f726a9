import * as vscode from 'vscode'
import type { CatalogueEntry, VideoSnapshot } from '../../peer/api.ts'
import { displayName, formatBytes } from '../../shared/format.ts'
import { abortOnCancel } from '../abort-on-cancel.ts'
import { commands } from '../ids.ts'
import { plainText } from '../plain-text.ts'
import type { Services } from '../services.ts'
import { chooseVideos } from './choose-videos.ts'
import type { Command } from './command.ts'
import { fetchReference } from './fetch-command.ts'

/** Milliseconds that the ring has to answer. */
const WAIT = 5_000

const WHAT_LISTING_MEANS =
  'Its name, size and ID are shown to everybody in the ring, and whoever has the ID can watch. ' +
  'Taking it out of the catalogue later does not take the ID back from those who saw it.'

/** The ring's catalogue: what peers show to everybody. */
export function catalogueCommands(services: Services): Command[] {
  return [
    { id: commands.browseCatalogue, run: () => browse(services) },
    { id: commands.listInCatalogue, run: (...args) => list(services, args) },
    { id: commands.unlistFromCatalogue, run: (...args) => unlist(services, args) }
  ]
}

async function browse(services: Services): Promise<VideoSnapshot | undefined> {
  if (!(await services.controller.join())) return undefined
  const api = await services.controller.open()
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: 'Asking the ring for its catalogue',
    cancellable: true
  }
  const entries = await vscode.window.withProgress(options, (_progress, token) =>
    api.catalogue(WAIT, abortOnCancel(token))
  )
  const { peerId } = await api.status()
  const others = entries.filter(entry => entry.peerId !== peerId)
  if (others.length === 0) {
    void vscode.window.showInformationMessage('Nobody else in this ring lists a video.')
    return undefined
  }
  const title = 'Browse Catalogue'
  const placeHolder = 'Fetch a video that a peer of your ring lists for everybody'
  const picked = await vscode.window.showQuickPick(others.map(catalogueItem), {
    title,
    placeHolder,
    matchOnDescription: true
  })
  return picked && (await fetchReference(services, { id: picked.entry.id, addresses: [] }, true))
}

function catalogueItem(entry: CatalogueEntry) {
  return {
    label: plainText(displayName(entry.name)),
    description: formatBytes(entry.bytes),
    detail: `Listed by …${entry.peerId.slice(-8)}`,
    entry
  }
}

async function list(services: Services, args: unknown[]): Promise<void> {
  const suits = ({ origin, state, listed }: VideoSnapshot): boolean =>
    origin === 'shared' && state === 'sharing' && !listed
  const none = 'There is no shared video that is not listed already.'
  const videos = await chooseVideos(services, args, { title: 'List in Catalogue', suits, none })
  const [first] = videos
  if (first === undefined) return
  const name = videos.length === 1 ? plainText(displayName(first.name)) : `${videos.length} videos`
  const agree = 'List in Catalogue'
  const question = `Show ${name} to everybody in the ring?`
  const options = { modal: true, detail: WHAT_LISTING_MEANS }
  if ((await vscode.window.showWarningMessage(question, options, agree)) !== agree) return
  await setListed(services, videos, true)
}

async function unlist(services: Services, args: unknown[]): Promise<void> {
  const suits = ({ listed }: VideoSnapshot): boolean => listed === true
  const none = 'No video of yours is listed.'
  await setListed(
    services,
    await chooseVideos(services, args, { title: 'Remove from Catalogue', suits, none }),
    false
  )
}

async function setListed(
  { controller }: Services,
  videos: readonly VideoSnapshot[],
  listed: boolean
): Promise<void> {
  const api = await controller.open()
  await Promise.all(videos.map(({ digest }) => api.setListed(digest, listed)))
}
