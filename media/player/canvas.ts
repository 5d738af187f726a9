/** A canvas that is as sharp as the screen and is drawn again when its size changes. */
export class Canvas {
  readonly element = document.createElement('canvas')
  readonly #draw: (context: CanvasRenderingContext2D, width: number, height: number) => void
  #scheduled = false

  /** @param draw Draws in CSS pixels on a cleared canvas. */
  constructor(draw: (context: CanvasRenderingContext2D, width: number, height: number) => void) {
    this.#draw = draw
    new ResizeObserver(() => this.redraw()).observe(this.element)
  }

  /** Draws with the next frame; many calls give one drawing. */
  redraw(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => this.#drawNow())
  }

  #drawNow(): void {
    this.#scheduled = false
    const { clientWidth, clientHeight } = this.element
    const scale = window.devicePixelRatio
    this.element.width = Math.round(clientWidth * scale)
    this.element.height = Math.round(clientHeight * scale)
    const context = this.element.getContext('2d')
    if (context === null || clientWidth === 0) return
    context.scale(scale, scale)
    this.#draw(context, clientWidth, clientHeight)
  }
}
