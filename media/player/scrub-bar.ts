import { type ChunkColumn, chunkColumns, holderHeat } from '../../src/shared/chunk-columns.ts'
import { formatTime } from '../../src/shared/format.ts'
import type { PlayerChunks } from '../../src/shared/player-protocol.ts'
import { element } from '../element.ts'
import { Canvas } from './canvas.ts'
import { type ChunkColors, describeChunk } from './chunk-colors.ts'

/** Steps of the slider over the whole duration. */
const steps = 1000

/** The position slider over a bar that shows which parts are here, on the way, or to be had. */
export class ScrubBar {
  readonly element: HTMLElement
  readonly #slider: HTMLInputElement
  readonly #time = element('output', { class: 'scrub-time', attributes: { 'aria-hidden': 'true' } })
  readonly #canvas: Canvas
  readonly #colors: ChunkColors
  #chunks: PlayerChunks = { states: '', holders: '' }
  #duration = 0

  constructor(colors: ChunkColors, onSeek: (seconds: number) => void) {
    this.#colors = colors
    this.#slider = element('input', {
      class: 'slider',
      attributes: { type: 'range', min: '0', max: String(steps), value: '0', 'aria-label': 'Position' }
    })
    this.#canvas = new Canvas((context, width, height) => this.#draw(context, width, height))
    colors.onChange(() => this.#canvas.redraw())
    this.element = element('div', { class: 'scrub' }, [this.#canvas.element, this.#slider, this.#time])
    this.#slider.addEventListener('input', () =>
      onSeek((Number(this.#slider.value) / steps) * this.#duration)
    )
    this.element.addEventListener('pointermove', event => this.#preview(event))
  }

  showChunks(chunks: PlayerChunks): void {
    this.#chunks = chunks
    this.#canvas.redraw()
  }

  showPosition(seconds: number, duration: number): void {
    this.#duration = Number.isFinite(duration) ? duration : 0
    this.#slider.disabled = this.#duration === 0
    const part = this.#duration > 0 ? seconds / this.#duration : 0
    this.#slider.value = String(Math.round(part * steps))
    this.#slider.setAttribute('aria-valuetext', `${formatTime(seconds)} of ${formatTime(this.#duration)}`)
    this.#slider.style.setProperty('--played', `${part * 100}%`)
  }

  #preview(event: PointerEvent): void {
    const { left, width } = this.element.getBoundingClientRect()
    const part = Math.min(1, Math.max(0, (event.clientX - left) / width))
    const time = formatTime(part * this.#duration)
    const chunk = Math.min(this.#chunks.states.length - 1, Math.floor(part * this.#chunks.states.length))
    this.#time.textContent = chunk < 0 ? time : `${time} · ${describeChunk(this.#chunks, chunk)}`
    this.#time.style.left = `clamp(${this.#time.offsetWidth / 2}px, ${part * 100}%, 100% - ${this.#time.offsetWidth / 2}px)`
  }

  #draw(context: CanvasRenderingContext2D, width: number, height: number): void {
    const columns = chunkColumns(this.#chunks, width)
    const columnWidth = width / Math.max(1, columns.length)
    for (const [index, column] of columns.entries()) {
      context.fillStyle = this.#colors.get(column.state)
      const left = Math.floor(index * columnWidth)
      const right = Math.ceil((index + 1) * columnWidth)
      const share = columnHeight(column)
      context.fillRect(left, height * (1 - share), right - left, height * share)
    }
  }
}

/** Lower where less is known, so that the bar can be read without its colours; the more holders, the higher. */
function columnHeight({ state, holders }: ChunkColumn): number {
  if (state === 'available') return 0.25 + 0.4 * holderHeat(holders)
  return { here: 1, requested: 0.8, missing: 0.12 }[state]
}
