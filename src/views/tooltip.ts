/** A tooltip as data: a heading, facts, and what can be done. Names of others stay text. */
export interface Tooltip {
  title: string
  rows: [label: string, value: string][]
  /** One sentence below the facts. */
  note?: string
}
