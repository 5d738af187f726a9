import type { Locator } from 'playwright-core'

/** What can be told of a picture on the screen. */
export interface Picture {
  /** Mean brightness, 0 to 255. */
  brightness: number
  /** Distinct colours, at four bits a channel. */
  colours: number
  /** Share of pixels, 0 to 1, that differ visibly from another picture of the same size. */
  differenceFrom(other: Picture): number
  pixels: readonly number[]
}

// Runs in the page: it decodes the screenshot, because browsers can and Node cannot.
async function decode(base64: string): Promise<number[]> {
  const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
  const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
  const context = new OffscreenCanvas(160, 90).getContext('2d')
  if (!context) return []
  context.drawImage(bitmap, 0, 0, 160, 90)
  return Array.from(context.getImageData(0, 0, 160, 90).data)
}

/** Takes a picture of what the user sees of an element, shrunk to 160 × 90. */
export async function pictureOf(element: Locator): Promise<Picture> {
  const screenshot = await element.screenshot()
  const pixels = await element.page().evaluate(decode, screenshot.toString('base64'))
  const colours = new Set<number>()
  let sum = 0
  for (let at = 0; at < pixels.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = pixels.slice(at, at + 3)
    sum += (red + green + blue) / 3
    colours.add(((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4))
  }
  return {
    pixels,
    brightness: sum / (pixels.length / 4),
    colours: colours.size,
    differenceFrom: other =>
      pixels.filter((value, at) => Math.abs(value - (other.pixels[at] ?? 0)) > 24).length /
      (pixels.length / 4)
  }
}
