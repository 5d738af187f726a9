import {
  type ChunkDigits,
  type ChunkStateName,
  chunkStateAt,
  holdersAt
} from '../../src/shared/chunk-ranges.ts'
import { countOf } from '../../src/shared/format.ts'
import { element } from '../element.ts'

/** Words for the states, in the order of the legend. */
export const chunkStateWords: readonly [ChunkStateName, string][] = [
  ['here', 'here'],
  ['requested', 'on the way'],
  ['available', 'available'],
  ['missing', 'no holder known']
]

/** One chunk in words: `chunk 31: available, 2 other holders`. */
export function describeChunk(chunks: ChunkDigits, index: number): string {
  const words = new Map(chunkStateWords).get(chunkStateAt(chunks, index)) ?? ''
  return `chunk ${index}: ${words}, ${countOf(holdersAt(chunks, index), 'other holder')}`
}

/** Colours of the chunk states as the theme has them, for drawing on a canvas. */
export class ChunkColors {
  /** The legend: swatches with words. The colours are read from the swatches. */
  readonly legend: HTMLElement
  readonly #swatches = new Map<ChunkStateName, HTMLElement>()
  readonly #onChange = new Set<() => void>()

  constructor() {
    this.legend = element('ul', { class: 'legend', attributes: { 'aria-label': 'Colours of the chunk map' } })
    for (const [state, words] of chunkStateWords) {
      const swatch = element('span', {
        class: `swatch swatch-${state}`,
        attributes: { 'aria-hidden': 'true' }
      })
      this.#swatches.set(state, swatch)
      const text = state === 'available' ? `${words}, fuller with more holders` : words
      this.legend.append(element('li', {}, [swatch, text]))
    }
    // The editor marks a change of theme on the body.
    const observer = new MutationObserver(() => this.#announce())
    observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] })
  }

  get(state: ChunkStateName): string {
    const swatch = this.#swatches.get(state)
    return swatch === undefined ? 'currentColor' : getComputedStyle(swatch).color
  }

  /** Calls `redraw` whenever the theme changes. */
  onChange(redraw: () => void): void {
    this.#onChange.add(redraw)
  }

  #announce(): void {
    for (const redraw of this.#onChange) redraw()
  }
}
