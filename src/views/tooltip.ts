/** A tooltip as data: a heading, facts, and what can be done. Names of others stay text. */
export interface Tooltip {
  title: string
  rows: [label: string, value: string][]
  /** A picture above the facts, as a `data:` address. */
  picture?: string
  /** One sentence below the facts. */
  note?: string
}
