/** Runs on the audio thread: gathers samples and hands them to the port that it is given. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const BLOCK = 1024; // samples of a message: 21 ms at 48 kHz

class Microphone extends AudioWorkletProcessor {
  private block = new Float32Array(BLOCK);
  private filled = 0;
  private to: MessagePort | undefined;
  private is_stopped = false;

  constructor() {
    super();
    this.port.onmessage = ({data}: MessageEvent<MessagePort | 'stop'>) => {
      if (data === 'stop') this.is_stopped = true;
      else this.to = data;
    };
  }

  process([channels]: readonly (readonly Float32Array[])[]): boolean {
    if (this.is_stopped) {
      this.to?.close();
      return false;
    }
    const n = channels?.[0]?.length ?? 0;
    for (let i = 0; i < n && this.to; i += 1) {
      let sum = 0;
      for (const channel of channels!) sum += channel[i]!;
      this.block[this.filled] = sum / channels!.length;
      this.filled += 1;
      if (this.filled === BLOCK) {
        this.to.postMessage(this.block, [this.block.buffer]);
        this.block = new Float32Array(BLOCK);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor('diffusiontalker-microphone', Microphone);
export {};
