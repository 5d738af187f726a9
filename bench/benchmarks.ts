import { ablation } from './ablation.ts'
import { crowd } from './crowd.ts'
import { dht } from './dht.ts'
import { encrypter } from './encrypter.ts'
import { firstPicture } from './first-picture.ts'
import type { Benchmark } from './harness/benchmark.ts'
import { large } from './large.ts'
import { scale } from './scale.ts'
import { share } from './share.ts'
import { stream } from './stream.ts'
import { swarm } from './swarm.ts'
import { transfer } from './transfer.ts'

/** In the order in which a report runs them. */
export const benchmarks: readonly Benchmark[] = [
  transfer,
  swarm,
  stream,
  firstPicture,
  large,
  share,
  encrypter,
  dht,
  crowd,
  ablation,
  scale
]
