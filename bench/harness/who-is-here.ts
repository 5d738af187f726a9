import type { TransferSystem } from './transfer-system.ts'

type Installable = Pick<TransferSystem, 'name' | 'missing'>

/** Those that can take part, and a sentence about each that cannot. */
export async function whoIsHere<System extends Installable>(
  systems: readonly System[]
): Promise<{ here: System[]; notes: string[] }> {
  const here: System[] = []
  const notes: string[] = []
  for (const system of systems) {
    const missing = await system.missing()
    if (missing) notes.push(`Without ${system.name}: ${missing}.`)
    else here.push(system)
  }
  return { here, notes }
}
