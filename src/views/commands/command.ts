import type { CommandId } from '../ids.ts'

/** A command: its id and what it does. What it throws is shown to the user with a way to try again. */
export interface Command {
  id: CommandId
  run(...args: unknown[]): Promise<unknown>
}
