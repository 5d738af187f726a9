import type { Outcome } from './benchmark.ts'
import { formatVerdict, plainTable, tableRows } from './table.ts'

/** Prints what a benchmark found out, for people. */
export function printOutcome({ sections, verdicts, notes }: Outcome): void {
  for (const section of sections) console.log(`\n${section.title}\n\n${plainTable(tableRows(section))}`)
  if (verdicts.length > 0)
    console.log(
      `\n${plainTable([['bar', 'measured'], ...verdicts.map(verdict => [verdict.claim, formatVerdict(verdict)])])}`
    )
  if (notes.length > 0) console.log(`\n${notes.join('\n')}`)
  const failures = sections.flatMap(({ results }) =>
    results.flatMap(({ name, failures }) => failures.map(failure => `${name} failed: ${failure}`))
  )
  if (failures.length > 0) console.log(`\n${failures.join('\n')}`)
}
