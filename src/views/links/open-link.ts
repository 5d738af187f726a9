import { confirmReference, fetchReference } from '../commands/fetch-command.ts'
import { loadParser } from '../commands/read-reference.ts'
import type { Services } from '../services.ts'
import { isActive, isComplete } from '../video-state.ts'

/**
 * Opens a link from outside, and says whether it was opened: what is in the library is shown at once; for anything else the user is
 * asked, and nothing is dialled before.
 */
export async function openLink(services: Services, text: string): Promise<boolean> {
  const { controller, forwarding, players, selection } = services
  const link = (await loadParser())(text)
  forwarding.prepare(await controller.open())
  const known = controller.model.videos.find(({ id }) => id === link.id)
  if (known !== undefined && (isComplete(known) || isActive(known))) {
    selection.select(known.digest)
    players.open(known.digest)
    return true
  }
  if (!(await confirmReference(link))) return false
  return (await fetchReference(services, link, true)) !== undefined
}
