import type { HolderSnapshot, LookupResult, LookupStep } from '../../peer/api.ts'
import { countOf, describeAddress, percentOf, shortPeerId } from '../../shared/format.ts'

/** A line of the list that a look-up fills: a heading, or a peer. */
export type LookupLine =
  | { kind: 'heading'; label: string }
  | { kind: 'peer'; label: string; description: string; detail?: string; peerId: string }

const outcomes: Record<LookupStep['outcome'], string> = {
  answered: 'knows peers nearer to it',
  failed: 'did not answer',
  owner: 'keeps the record of who holds it'
}

const outcomeIcons: Record<LookupStep['outcome'], string> = {
  answered: 'arrow-right',
  failed: 'circle-slash',
  owner: 'pass'
}

/**
 * The hops so far, and below them the holders once they are known. Labels bear codicons.
 * @param ownPeerId is called "this peer"
 */
export function lookupLines(
  steps: readonly LookupStep[],
  holders: readonly HolderSnapshot[] | undefined,
  ownPeerId: string | undefined
): LookupLine[] {
  const nameOf = (peerId: string): string => (peerId === ownPeerId ? 'this peer' : shortPeerId(peerId))
  const lines: LookupLine[] = steps.map(step => ({
    kind: 'peer',
    label: `$(${outcomeIcons[step.outcome]}) ${nameOf(step.peerId)}`,
    description: `hop ${step.hop} · ${outcomes[step.outcome]} · ${Math.round(step.milliseconds)} ms`,
    peerId: step.peerId
  }))
  if (lines.length > 0) lines.unshift({ kind: 'heading', label: 'Hops' })
  if (holders === undefined || holders.length === 0) return lines
  return [
    ...lines,
    { kind: 'heading', label: 'Holders' },
    ...holders.map(holder => holderLine(holder, nameOf))
  ]
}

function holderLine(
  { peerId, addresses, have, chunks }: HolderSnapshot,
  nameOf: (id: string) => string
): LookupLine {
  return {
    kind: 'peer',
    label: `$(vm) ${nameOf(peerId)}`,
    description: `${percentOf(have, chunks)} % · ${have} of ${countOf(chunks, 'chunk')}`,
    detail: addresses.map(describeAddress).join(', ') || 'no address that others can dial',
    peerId
  }
}

/** One sentence: what a look-up found. */
export function lookupSummary({ steps, holders, unshared }: LookupResult): string {
  if (unshared) return 'The owner stopped sharing this video: there is nobody to get it from.'
  const hops = Math.max(0, ...steps.filter(({ outcome }) => outcome === 'owner').map(({ hop }) => hop))
  const way =
    hops === 0 ? 'this peer itself is responsible for its records' : `found in ${countOf(hops, 'hop')}`
  if (holders.length === 0) return `Nobody is known to hold this video (${way}). Ask its owner to be online.`
  const whole = holders.filter(({ have, chunks }) => have === chunks).length
  return `${countOf(holders.length, 'holder')}, ${whole} of the whole video; ${way}`
}
