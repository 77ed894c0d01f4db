// The server that the page came from: its token, requests, and where its WebSocket is.

const KEY = "diffusiontalker-token";

// The token stands behind the # of the address, which browsers send nowhere. It leaves the address at once, and stays in
// this tab for a reload.
export function takeToken() {
  const found = /[#&]token=([^&]+)/.exec(location.hash);
  if (found) {
    setToken(decodeURIComponent(found[1]));
    history.replaceState(null, "", location.pathname + location.search);
  }
  return token();
}

export const token = () => sessionStorage.getItem(KEY);
export const setToken = text => sessionStorage.setItem(KEY, text);
export const streamAddress = () => `${location.origin.replace(/^http/, "ws")}/v1/stream`;

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// The answer to a request; throws Refused with the server's sentence.
export async function ask(path, {body, signal} = {}) {
  const headers = token() ? {Authorization: `Bearer ${token()}`} : {};
  let answer;
  try {
    answer = await fetch(path, {method: body === undefined ? "GET" : "POST", body, headers, signal, cache: "no-store"});
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, "The server does not answer: is `diffusiontalker studio` still running?");
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  let message = text;
  try { message = JSON.parse(text).error.message; } catch { /* no JSON: as it is */ }
  throw new Refused(answer.status, message || `status ${answer.status}`);
}

export const askJson = async (path, options) => (await ask(path, options)).json();
export const askBytes = async (path, options) => (await ask(path, options)).arrayBuffer();
