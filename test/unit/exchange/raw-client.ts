import type { Stream } from '@libp2p/interface'
import { CHUNK_HELLO } from '../../../src/peer/exchange/chunk-messages.ts'
import { openAsInitiator, type VideoSecrets } from '../../../src/peer/exchange/opening.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { FrameChannel } from '../../../src/peer/wire/frame-channel.ts'
import type { Message } from '../../../src/peer/wire/frame-codec.ts'
import { CLIENT_ID, patience, SERVER_ID } from './exchange-pair.ts'

/** A client that follows the protocol only as far as a test wants. */
export class RawClient {
  readonly stream: Stream
  readonly channel: FrameChannel

  constructor(stream: Stream) {
    this.stream = stream
    this.channel = new FrameChannel(stream, { maxFrameBytes: 512 * 1024, highWaterMark: 1 })
  }

  async open(secrets: VideoSecrets, hello = CHUNK_HELLO): Promise<void> {
    const { channel } = this
    const conversation = {
      channel,
      hello,
      ownPeerId: CLIENT_ID,
      remotePeerId: SERVER_ID,
      random: systemRandom
    }
    await openAsInitiator(conversation, secrets, patience())
  }

  /** HELLO both ways, and nothing more. */
  async hello(): Promise<Message> {
    await this.send({ type: 'hello', ...CHUNK_HELLO })
    return this.receive()
  }

  send(message: Message): Promise<void> {
    return this.channel.send(message, patience())
  }

  async receive(): Promise<Message> {
    const message = await this.channel.receive(patience())
    if (!message) throw new Error('the server ended the stream')
    return message
  }

  /** The next message that is not about what the server holds or how busy it is. */
  async receiveAnswer(): Promise<Message> {
    for (;;) {
      const message = await this.receive()
      if (!['have', 'have-more', 'load'].includes(String(message.type))) return message
    }
  }

  /** Everything until the server ends the stream; rejects when it breaks it. */
  async receiveRest(): Promise<Message[]> {
    const messages: Message[] = []
    for (;;) {
      const message = await this.channel.receive(patience())
      if (!message) return messages
      messages.push(message)
    }
  }
}
