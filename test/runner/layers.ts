/**
 * A layer of tests. A `check` is one command that counts as one test; `mocha` runs the files that match, `jobs` at a time;
 * a `script` starts tests elsewhere and reports their counts. One that needs to be root, or takes long, runs only `byName`.
 */
export type Layer = { name: string; deadlineSeconds: number; byName?: boolean } & (
  | { kind: 'check'; script: string }
  | { kind: 'mocha'; files: string; timeoutSeconds: number; jobs?: number }
  | { kind: 'script'; files: string; program: string }
)

/** In the order in which they run: what is fast and most telling first. `build` makes what the later ones test. */
export const layers: readonly Layer[] = [
  { name: 'types', kind: 'check', script: 'types', deadlineSeconds: 120 },
  { name: 'lint', kind: 'check', script: 'lint', deadlineSeconds: 60 },
  {
    name: 'unit',
    kind: 'mocha',
    files: 'test/unit/**/*.test.ts',
    jobs: 2,
    timeoutSeconds: 10,
    deadlineSeconds: 240
  },
  { name: 'sim', kind: 'mocha', files: 'test/sim/**/*.sim.ts', timeoutSeconds: 60, deadlineSeconds: 420 },
  { name: 'fuzz', kind: 'mocha', files: 'test/fuzz/**/*.fuzz.ts', timeoutSeconds: 60, deadlineSeconds: 180 },
  { name: 'build', kind: 'check', script: 'package', deadlineSeconds: 120 },
  {
    name: 'package',
    kind: 'mocha',
    files: 'test/package/**/*.test.ts',
    timeoutSeconds: 30,
    deadlineSeconds: 60
  },
  {
    name: 'process',
    kind: 'mocha',
    files: 'test/process/**/*.test.ts',
    jobs: 2,
    timeoutSeconds: 120,
    deadlineSeconds: 720
  },
  {
    name: 'host',
    kind: 'script',
    files: 'test/host/**/*.test.ts',
    program: 'test/host/run.ts',
    deadlineSeconds: 360
  },
  { name: 'e2e', kind: 'mocha', files: 'test/e2e/**/*.test.ts', timeoutSeconds: 180, deadlineSeconds: 600 },
  {
    name: 'net',
    kind: 'mocha',
    files: 'test/net/**/*.test.ts',
    timeoutSeconds: 120,
    deadlineSeconds: 240,
    byName: true
  },
  {
    name: 'churn',
    kind: 'mocha',
    files: 'test/churn/**/*.test.ts',
    timeoutSeconds: 120,
    deadlineSeconds: 900,
    byName: true
  }
]
