/*
 * Draws test/fixtures/sample.webm, the video of the tests and of `npm start`: a ring of peers that pass chunks of a
 * picture to its centre, over a quiet chord. Needs ffmpeg with libvpx and libopus. Free of anyone else's rights.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const output = fileURLToPath(new URL('../test/fixtures/sample.webm', import.meta.url))
const width = 640
const height = 360
const framesPerSecond = 24
const seconds = 10
const frames = framesPerSecond * seconds

type Colour = readonly [red: number, green: number, blue: number]

const centre = { x: width / 2, y: height / 2 }
const ringRadius = 148
const peers = 12
const columns = 12
const rows = 8
const cell = 13
/** Frames that a chunk takes from a peer to its place. */
const flight = 22
const chunks = columns * rows

function hue(turn: number): Colour {
  const channel = (shift: number) => Math.round(150 + 105 * Math.cos(2 * Math.PI * (turn + shift)))
  return [channel(0), channel(-1 / 3), channel(1 / 3)]
}

function peerPosition(index: number, frame: number): { x: number; y: number } {
  const angle = 2 * Math.PI * (index / peers + frame / (frames * 4)) - Math.PI / 2
  return { x: centre.x + ringRadius * Math.cos(angle), y: centre.y + ringRadius * Math.sin(angle) }
}

function cellPosition(chunk: number): { x: number; y: number } {
  const x = centre.x + ((chunk % columns) - (columns - 1) / 2) * cell
  return { x, y: centre.y + (Math.floor(chunk / columns) - (rows - 1) / 2) * cell }
}

// Multiplying by a number coprime to the count visits every chunk once, in an order that looks like chance.
function arrivalFrame(chunk: number): number {
  return flight + ((chunk * 37) % chunks) * ((frames - 2 * flight) / chunks)
}

class Canvas {
  readonly pixels = Buffer.alloc(width * height * 3)

  #blend(x: number, y: number, [red, green, blue]: Colour, opacity: number): void {
    if (x < 0 || y < 0 || x >= width || y >= height) return
    const at = (y * width + x) * 3
    const mix = (offset: number, value: number) => {
      const below = this.pixels[at + offset] ?? 0
      this.pixels[at + offset] = below + (value - below) * opacity
    }
    mix(0, red)
    mix(1, green)
    mix(2, blue)
  }

  backdrop(frame: number): void {
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const wave = 0.5 + 0.5 * Math.sin(x / 190 + y / 130 + (2 * Math.PI * frame) / frames)
        this.#blend(x, y, [24 + 34 * wave, 20 + 10 * (y / height), 58 + 46 * (1 - wave)], 1)
      }
  }

  /** `coverage` tells how much of the pixel at a distance from the middle is painted. */
  #shape(
    x: number,
    y: number,
    reach: number,
    colour: Colour,
    coverage: (dx: number, dy: number) => number
  ): void {
    for (let py = Math.floor(y - reach); py <= y + reach; py++)
      for (let px = Math.floor(x - reach); px <= x + reach; px++) {
        const opacity = coverage(px - x, py - y)
        if (opacity > 0) this.#blend(px, py, colour, Math.min(1, opacity))
      }
  }

  disc(x: number, y: number, radius: number, colour: Colour, opacity = 1): void {
    this.#shape(
      x,
      y,
      radius + 1,
      colour,
      (dx, dy) => opacity * Math.min(1, radius + 0.5 - Math.hypot(dx, dy))
    )
  }

  ring(x: number, y: number, radius: number, colour: Colour): void {
    this.#shape(x, y, radius + 2, colour, (dx, dy) => 1.3 - Math.abs(Math.hypot(dx, dy) - radius))
  }

  square(x: number, y: number, side: number, colour: Colour, opacity: number): void {
    const half = side / 2
    this.#shape(
      x,
      y,
      half + 1,
      colour,
      (dx, dy) => opacity * (half + 0.5 - Math.max(Math.abs(dx), Math.abs(dy)))
    )
  }
}

function drawChunk(canvas: Canvas, chunk: number, frame: number): void {
  const target = cellPosition(chunk)
  const colour = hue((chunk % columns) / columns / 2 + Math.floor(chunk / columns) / rows / 2)
  const progress = 1 - (arrivalFrame(chunk) - frame) / flight
  if (progress >= 1) {
    const flash = Math.max(0, 1 - (progress - 1) * 3)
    canvas.square(target.x, target.y, cell - 2 + 4 * flash, colour, 0.92)
    return
  }
  canvas.square(target.x, target.y, cell - 2, [255, 255, 255], 0.07)
  if (progress <= 0) return
  const from = peerPosition(chunk % peers, frame)
  const eased = progress * progress * (3 - 2 * progress)
  const x = from.x + (target.x - from.x) * eased
  const y = from.y + (target.y - from.y) * eased
  canvas.disc(x, y, 9, colour, 0.25)
  canvas.disc(x, y, 4, colour)
}

function drawFrame(canvas: Canvas, frame: number): void {
  canvas.backdrop(frame)
  canvas.ring(centre.x, centre.y, ringRadius, [150, 150, 190])
  for (let chunk = 0; chunk < chunks; chunk++) drawChunk(canvas, chunk, frame)
  for (let peer = 0; peer < peers; peer++) {
    const { x, y } = peerPosition(peer, frame)
    canvas.disc(x, y, 15, hue(peer / peers), 0.25)
    canvas.disc(x, y, 9, hue(peer / peers))
    canvas.disc(x - 2, y - 3, 3, [255, 255, 255], 0.6)
  }
}

// A, C sharp, E, A: a chord, swelling in and out.
const chord = [220, 277.18, 329.63, 440].map(pitch => `0.07*sin(2*PI*${pitch}*t)`).join('+')
const sound = `aevalsrc=(${chord})*min(1\\,min(t/2\\,(${seconds}-t)/2)):s=48000:d=${seconds}`
const picture = ['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${width}x${height}`]
const encoding = [
  '-c:v',
  'libvpx-vp9',
  '-b:v',
  '480k',
  '-g',
  '48',
  '-pix_fmt',
  'yuv420p',
  '-row-mt',
  '1',
  '-c:a',
  'libopus'
]
const container = [
  '-b:a',
  '48k',
  '-map_metadata',
  '-1',
  '-fflags',
  '+bitexact',
  '-cues_to_front',
  '1',
  output
]

const ffmpeg = spawn(
  'ffmpeg',
  [
    '-v',
    'error',
    '-y',
    ...picture,
    '-framerate',
    `${framesPerSecond}`,
    '-i',
    '-',
    '-f',
    'lavfi',
    '-i',
    sound,
    ...encoding,
    ...container
  ],
  { stdio: ['pipe', 'inherit', 'inherit'] }
)
const canvas = new Canvas()
for (let frame = 0; frame < frames; frame++) {
  drawFrame(canvas, frame)
  // Copied: the canvas is painted over while the pipe still reads it.
  if (!ffmpeg.stdin.write(Buffer.from(canvas.pixels))) await once(ffmpeg.stdin, 'drain')
}
ffmpeg.stdin.end()
const [code] = await once(ffmpeg, 'close')
if (code !== 0) throw new Error(`ffmpeg ended with ${code}`)
console.log(`Wrote ${output}`)
