import {
  type FromPosterPage,
  MAX_POSTER_BYTES,
  type PosterResult,
  posterMoment,
  posterQualities,
  posterSize
} from '../../src/shared/poster.ts'

declare function acquireVsCodeApi(): { postMessage(message: FromPosterPage): void }

interface Picture {
  image: CanvasImageSource
  width: number
  height: number
}

/** Draws one frame of the file that the page names, and tells the host what came of it. */
async function drawPoster(canvas: HTMLCanvasElement, source: string, kind: string): Promise<PosterResult> {
  try {
    const picture = kind === 'image' ? await loadImage(source) : await loadFrame(source)
    const jpeg = await encode(draw(canvas, picture))
    return { kind: 'poster', base64: await toBase64(jpeg) }
  } catch (error) {
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error) }
  }
}

async function loadImage(source: string): Promise<Picture> {
  const image = new Image()
  image.crossOrigin = 'anonymous'
  image.src = source
  await image.decode()
  return { image, width: image.naturalWidth, height: image.naturalHeight }
}

async function loadFrame(source: string): Promise<Picture> {
  const video = document.createElement('video')
  video.crossOrigin = 'anonymous'
  video.muted = true
  video.preload = 'auto'
  video.src = source
  await happened(video, 'loadedmetadata')
  video.currentTime = posterMoment(video.duration)
  await happened(video, 'seeked')
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) await happened(video, 'loadeddata')
  return { image: video, width: video.videoWidth, height: video.videoHeight }
}

function happened(video: HTMLVideoElement, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    video.addEventListener(event, () => resolve(), { once: true })
    const fail = (): void => reject(new Error(video.error?.message || 'the file cannot be decoded here'))
    video.addEventListener('error', fail, { once: true })
  })
}

function draw(canvas: HTMLCanvasElement, { image, width, height }: Picture): HTMLCanvasElement {
  if (width === 0 || height === 0) throw new Error('the file holds no picture')
  Object.assign(canvas, posterSize(width, height))
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('there is nothing to draw on')
  // A JPEG has no transparency: what shows through is white, as on paper.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  return canvas
}

async function encode(canvas: HTMLCanvasElement): Promise<Blob> {
  for (const quality of posterQualities) {
    const blob = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve, 'image/jpeg', quality))
    if (blob !== null && blob.size <= MAX_POSTER_BYTES) return blob
  }
  throw new Error('the picture stays too large')
}

async function toBase64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
}

const canvas = document.querySelector('canvas')
const { source = '', kind = '' } = document.body.dataset
if (canvas !== null) {
  const host = acquireVsCodeApi()
  host.postMessage({ kind: 'begin' })
  void drawPoster(canvas, source, kind).then(result => host.postMessage(result))
}
