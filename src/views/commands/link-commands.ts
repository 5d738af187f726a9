import { commands } from '../ids.ts'
import { openLink } from '../links/open-link.ts'
import type { Services } from '../services.ts'
import type { Command } from './command.ts'

/** What links in documents do. */
export function linkCommands(services: Services): Command[] {
  return [
    {
      id: commands.openLink,
      run: async link => typeof link === 'string' && (await openLink(services, link))
    }
  ]
}
