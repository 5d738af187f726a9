import type { ChunkMap } from '../../peer/api.ts'
import type { ChunkRange } from '../../shared/chunk-ranges.ts'
import { countOf, formatBytes } from '../../shared/format.ts'
import type { Tooltip } from '../tooltip.ts'
import type { ItemIcon, ItemModel } from './item-model.ts'

const stateWords: Record<ChunkRange['state'], string> = {
  missing: 'no holder known',
  available: 'available',
  requested: 'on the way',
  here: 'here',
  mixed: 'in part'
}

const stateIcons: Record<ChunkRange['state'], ItemIcon> = {
  missing: { id: 'circle-slash', color: 'list.warningForeground' },
  available: { id: 'circle-outline', color: 'charts.blue' },
  requested: { id: 'sync', color: 'charts.yellow' },
  here: { id: 'pass-filled', color: 'charts.green' },
  mixed: { id: 'circle-large-outline', color: 'charts.blue' }
}

/** The line of a range of chunks: which, in what state, how many holders. */
export function chunkItem(map: ChunkMap, range: ChunkRange): ItemModel {
  const label = describeRange(range)
  const state = describeRangeState(range)
  const waiting = holdsWaited(map, range) ? `, player waits for ${map.waitingFor}` : ''
  const size = formatBytes(rangeBytes(map, range))
  const facts = [state + waiting, describeHolders(range), size]
  return {
    id: `chunks:${map.digest}:${range.first}`,
    label,
    description: facts.join(' · '),
    icon: holdsWaited(map, range) ? { id: 'watch', color: 'charts.yellow' } : stateIcons[range.state],
    contextValue: 'chunks',
    accessibilityLabel: `Chunks ${label}, ${facts.join(', ')}`
  }
}

/** The same facts, for the tooltip. */
export function chunkTooltip(map: ChunkMap, range: ChunkRange): Tooltip {
  return {
    title: `Chunks ${describeRange(range)} of ${map.chunks}`,
    rows: [
      ['State', describeRangeState(range)],
      ['Holders', describeHolders(range)],
      ['Size', `${formatBytes(rangeBytes(map, range))} in ${countOf(range.last - range.first + 1, 'chunk')}`]
    ]
  }
}

/** Bytes of a range; the last chunk of a video may be shorter than the others. */
export function rangeBytes(
  map: Pick<ChunkMap, 'bytes' | 'chunkSize'>,
  range: Pick<ChunkRange, 'first' | 'last'>
): number {
  return Math.max(0, Math.min(map.bytes, (range.last + 1) * map.chunkSize) - range.first * map.chunkSize)
}

function describeRange({ first, last }: ChunkRange): string {
  return first === last ? `${first}` : `${first}–${last}`
}

function describeRangeState(range: ChunkRange): string {
  if (range.state !== 'mixed') return stateWords[range.state]
  return `${range.here} of ${range.last - range.first + 1} here`
}

function describeHolders({ fewestHolders, mostHolders }: ChunkRange): string {
  if (fewestHolders === mostHolders) return countOf(mostHolders, 'holder')
  return `${fewestHolders}–${mostHolders} holders`
}

function holdsWaited(map: ChunkMap, { first, last }: ChunkRange): boolean {
  return map.waitingFor !== undefined && map.waitingFor >= first && map.waitingFor <= last
}
