import { type ChunkColumn, chunkColumns, countStates, holderHeat } from '../../src/shared/chunk-columns.ts'
import { countOf } from '../../src/shared/format.ts'
import type { PlayerChunks } from '../../src/shared/player-protocol.ts'
import { element } from '../element.ts'
import { Canvas } from './canvas.ts'
import { type ChunkColors, chunkStateWords, describeChunk } from './chunk-colors.ts'

const cell = 10
const gap = 2
/** More cells than this are joined, so that the map stays small. */
const maximumRows = 12

/** The map of all chunks: one cell a chunk, or for long videos one cell for several. */
export class ChunkGrid {
  readonly element: HTMLElement
  readonly #canvas: Canvas
  readonly #colors: ChunkColors
  #chunks: PlayerChunks = { states: '', holders: '' }
  #cells: ChunkColumn[] = []
  #perRow = 1

  constructor(colors: ChunkColors) {
    this.#colors = colors
    this.#canvas = new Canvas((context, width) => this.#draw(context, width))
    this.#canvas.element.setAttribute('role', 'img')
    colors.onChange(() => this.#canvas.redraw())
    this.element = element('div', { class: 'grid' }, [this.#canvas.element, colors.legend])
    this.#canvas.element.addEventListener('pointermove', event => this.#describeCell(event))
  }

  showChunks(chunks: PlayerChunks): void {
    this.#chunks = chunks
    this.#canvas.element.setAttribute('aria-label', describeMap(chunks))
    this.#fitHeight()
    this.#canvas.redraw()
  }

  #fitHeight(): void {
    const { clientWidth } = this.#canvas.element
    this.#perRow = Math.max(1, Math.floor((clientWidth + gap) / (cell + gap)))
    this.#cells = chunkColumns(this.#chunks, this.#perRow * maximumRows)
    const rows = Math.max(1, Math.ceil(this.#cells.length / this.#perRow))
    const height = `${rows * (cell + gap) - gap}px`
    if (this.#canvas.element.style.height !== height) this.#canvas.element.style.height = height
  }

  #draw(context: CanvasRenderingContext2D, width: number): void {
    if (Math.floor((width + gap) / (cell + gap)) !== this.#perRow) this.#fitHeight()
    for (const [index, column] of this.#cells.entries()) {
      const x = (index % this.#perRow) * (cell + gap)
      const y = Math.floor(index / this.#perRow) * (cell + gap)
      this.#drawCell(context, x, y, column)
    }
    this.#drawWaiting(context)
  }

  /** Full when here, half when on the way, an outline that the holders fill in when available, a dot when nobody has it. */
  #drawCell(context: CanvasRenderingContext2D, x: number, y: number, column: ChunkColumn): void {
    const { state, here, holders } = column
    context.fillStyle = this.#colors.get(state)
    context.strokeStyle = context.fillStyle
    if (state === 'missing') context.fillRect(x + cell / 2 - 1, y + cell / 2 - 1, 2, 2)
    else context.strokeRect(x + 0.5, y + 0.5, cell - 1, cell - 1)
    if (state === 'requested') context.fillRect(x, y + cell / 2, cell, cell / 2)
    if (state === 'available' && here === 0) {
      context.globalAlpha = 0.6 * holderHeat(holders)
      context.fillRect(x, y, cell, cell)
      context.globalAlpha = 1
    }
    if (here === 0) return
    context.fillStyle = this.#colors.get('here')
    context.fillRect(x, y + cell * (1 - here), cell, cell * here)
  }

  #drawWaiting(context: CanvasRenderingContext2D): void {
    const { waitingFor } = this.#chunks
    if (waitingFor === undefined) return
    const index = this.#cells.findIndex(({ first, last }) => waitingFor >= first && waitingFor <= last)
    if (index < 0) return
    context.strokeStyle = getComputedStyle(this.#canvas.element).color
    context.lineWidth = 2
    const x = (index % this.#perRow) * (cell + gap)
    const y = Math.floor(index / this.#perRow) * (cell + gap)
    context.strokeRect(x, y, cell, cell)
  }

  #describeCell(event: PointerEvent): void {
    const column = Math.floor(event.offsetX / (cell + gap))
    const row = Math.floor(event.offsetY / (cell + gap))
    const found = column < this.#perRow ? this.#cells[row * this.#perRow + column] : undefined
    this.#canvas.element.title = found === undefined ? '' : this.#describe(found)
  }

  #describe({ first, last, here }: ChunkColumn): string {
    if (first !== last) return `Chunks ${first}–${last}: ${Math.round(here * 100)} % here`
    return describeChunk(this.#chunks, first)
  }
}

function describeMap(chunks: PlayerChunks): string {
  const counts = countStates(chunks)
  const parts = chunkStateWords
    .filter(([state]) => counts[state] > 0)
    .map(([state, words]) => `${counts[state]} ${words}`)
  return `Map of ${countOf(chunks.states.length, 'chunk')}: ${parts.join(', ')}`
}
