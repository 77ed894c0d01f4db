// Hands the microphone's samples to the page, as they come.
registerProcessor("samples", class extends AudioWorkletProcessor {
  process([input]) {
    if (input[0]?.length) this.port.postMessage(input[0].slice());
    return true;
  }
});
