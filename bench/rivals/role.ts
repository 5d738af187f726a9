import { createInterface } from 'node:readline'

/** The other end of a `LineProcess`: the task that the process was started with, and its lines. */
export class Role<Task> {
  readonly task: Task
  readonly #lines: AsyncIterator<string>

  constructor() {
    this.task = JSON.parse(process.argv[2] ?? '{}') as Task
    this.#lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
    process.once('uncaughtException', error => {
      this.say('error', { message: String(error.stack ?? error) })
      process.exit(1)
    })
  }

  say(event: string, fields: object = {}): void {
    process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`)
  }

  /** The next thing that the process is told. Ends the process once nobody can tell it anything any more. */
  async next<Message>(): Promise<Message> {
    const { value, done } = await this.#lines.next()
    if (done) process.exit(0)
    return JSON.parse(value) as Message
  }
}
