/*
 * Makes the small videos, the sound and the picture that the tests of inspection, streaming and the player use: ten seconds of a
 * test pattern that moves, with a sine tone. Needs ffmpeg with libx264, libvpx, libopus and libmp3lame; the tests do not.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const pattern = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=10']
const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=10']
const plain = [
  '-map_metadata',
  '-1',
  '-fflags',
  '+bitexact',
  '-flags:v',
  '+bitexact',
  '-flags:a',
  '+bitexact'
]
const vp9 = ['-c:v', 'libvpx-vp9', '-b:v', '70k', '-g', '50', '-deadline', 'good', '-cpu-used', '2']
const h264 = [
  '-c:v',
  'libx264',
  '-profile:v',
  'main',
  '-pix_fmt',
  'yuv420p',
  '-b:v',
  '75k',
  '-g',
  '50',
  '-preset',
  'slow'
]
const aac = ['-c:a', 'aac', '-b:a', '24k', '-ac', '1']
const mp4 = [...pattern, ...tone, ...h264, ...aac, ...plain]

make('sample-vp9-opus.webm', [
  ...pattern,
  ...tone,
  ...vp9,
  '-c:a',
  'libopus',
  '-b:a',
  '24k',
  ...plain,
  '-cues_to_front',
  '1'
])
make('sample-h264-aac.mp4', [...mp4, '-movflags', '+faststart'])
make('sample-moov-last.mp4', mp4)
make('sample.mp3', [...tone, '-c:a', 'libmp3lame', '-b:a', '32k', ...plain])
make('sample.png', [...pattern, '-frames:v', '1', ...plain])

function make(name: string, options: readonly string[]): void {
  const output = fileURLToPath(new URL(`../test/fixtures/${name}`, import.meta.url))
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...options, output], { stdio: 'inherit' })
  console.log(`Wrote ${output}`)
}
