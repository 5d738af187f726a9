import type { AblationRow, Estimate } from './ablation.ts'

const HEAD = [
  'scenario',
  'variant',
  'last, s',
  'median peer, s',
  'saved by the first',
  'incomplete',
  'lost chunks',
  'in vain',
  "owner's copies"
]

/** A table in Markdown; in brackets the 95 % interval. */
export function formatAblation(rows: readonly AblationRow[]): string {
  const lines = rows.map(row => [
    row.scenario,
    row.variant,
    range(row.last),
    range(row.middle),
    row.gain ? `${range(row.gain)} %` : '',
    `${row.incomplete} of ${row.seeds}`,
    row.lostChunks,
    `${(100 * row.duplicateShare).toFixed(1)} %`,
    row.ownerCopies
  ])
  return [HEAD, HEAD.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function range({ median, low, high }: Estimate): string {
  return Number.isFinite(median) ? `${median} (${low}–${high})` : 'none'
}
