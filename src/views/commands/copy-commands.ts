import * as vscode from 'vscode'
import type { VideoSnapshot } from '../../peer/api.ts'
import { countOf, describeAddress, displayName } from '../../shared/format.ts'
import { commands } from '../ids.ts'
import { plainText } from '../plain-text.ts'
import type { Services } from '../services.ts'
import { chooseVideos } from './choose-videos.ts'
import type { Command } from './command.ts'
import { loadParser, type ParseReference, tryParse } from './read-reference.ts'

const briefly = 4000
const none = 'There is no video to copy the ID of. Share or fetch one first.'

/** Copying what a colleague needs: the ID, or a link that also names this peer's addresses. */
export function copyCommands(services: Services): Command[] {
  const known = (): boolean => true
  const choose = (title: string, args: unknown[]): Promise<VideoSnapshot[]> =>
    chooseVideos(services, args, { title, suits: known, none })
  return [
    { id: commands.copyId, run: async (...args) => copyIds(await choose('Copy ID', args)) },
    { id: commands.copyLink, run: async (...args) => copyLinks(services, await choose('Copy Link', args)) }
  ]
}

/** Copies the IDs, one a line. */
export async function copyIds(videos: readonly VideoSnapshot[]): Promise<void> {
  if (videos.length === 0) return
  await vscode.env.clipboard.writeText(videos.map(({ id }) => id).join('\n'))
  vscode.window.setStatusBarMessage(`ID of ${nameThem(videos)} copied.`, briefly)
}

/** Copies links, one a line, and says which addresses they publish. Joins first: a stopped peer has no address. */
export async function copyLinks({ controller }: Services, videos: readonly VideoSnapshot[]): Promise<void> {
  if (videos.length === 0 || !(await controller.join())) return
  const api = await controller.open()
  const links = await Promise.all(videos.map(({ digest }) => api.link(digest)))
  await vscode.env.clipboard.writeText(links.join('\n'))
  const message = `Link to ${plainText(nameThem(videos))} copied. ${describePublished(links, await loadParser())}`
  const choice = await vscode.window.showInformationMessage(message, 'Copy ID Instead')
  if (choice !== undefined) await copyIds(videos)
}

/** One sentence: which addresses these links publish. */
function describePublished(links: readonly string[], parse: ParseReference): string {
  const addresses = links.flatMap(link => tryParse(link, parse)?.addresses ?? [])
  const places = [...new Set(addresses.map(describeAddress))]
  if (places.length === 0) return 'It holds no address: this peer has none that others can dial.'
  return `It publishes where this peer can be reached: ${places.join(', ')}.`
}

function nameThem(videos: readonly VideoSnapshot[]): string {
  const [first] = videos
  return videos.length === 1 && first !== undefined
    ? displayName(first.name)
    : countOf(videos.length, 'video')
}
