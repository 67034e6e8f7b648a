"use strict";
// SHA-256 (FIPS 180-4), HMAC (RFC 2104) and PBKDF2 (RFC 8018). A browser has them in
// `crypto.subtle`, but not on a page that came by plain http.

const SHA_START = [];
const SHA_K = [];
const SHA_W = new Int32Array(64);

// The first 32 bits behind the point of the roots of the first primes.
for (let n = 2; SHA_K.length < 64; n += 1) {
  let prime = true;
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) prime &&= n % divisor > 0;
  if (!prime) continue;
  if (SHA_START.length < 8) SHA_START.push(((n ** 0.5 % 1) * 2 ** 32) | 0);
  SHA_K.push(((n ** (1 / 3) % 1) * 2 ** 32) | 0);
}

const rotate = (x, by) => (x >>> by) | (x << (32 - by));

// The state after the block whose 16 words are in SHA_W.
function sha256Block(state) {
  const w = SHA_W;
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15];
    const y = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3));
    w[i] += rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const mixed = (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g));
    const one = (h + mixed + SHA_K[i] + w[i]) | 0;
    const two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  const words = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i += 1) words[i] = (words[i] + state[i]) | 0;
  return words;
}

// The digest of what led to `state`, `before` bytes, and these bytes.
function sha256(bytes, state = SHA_START, before = 0) {
  const padded = new Uint8Array(((bytes.length + 72) >> 6) << 6);
  const view = new DataView(padded.buffer);
  padded.set(bytes);
  padded[bytes.length] = 128;
  view.setUint32(padded.length - 4, 8 * (before + bytes.length));
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i += 1) SHA_W[i] = view.getInt32(at + 4 * i);
    state = sha256Block(state);
  }
  for (let i = 0; i < 8; i += 1) view.setInt32(4 * i, state[i]);
  return padded.subarray(0, 32);
}

// A function that gives the HMAC of bytes with this key.
function hmacWith(key) {
  const short = key.length > 64 ? sha256(key) : key;
  const [inner, outer] = [0x36363636, 0x5c5c5c5c].map((pad) => {
    SHA_W.fill(pad);
    short.forEach((byte, at) => (SHA_W[at >> 2] ^= byte << (24 - 8 * (at & 3))));
    return sha256Block(SHA_START);
  });
  return (bytes) => sha256(sha256(bytes, inner, 64), outer, 64);
}

function pbkdf2(password, salt, iterations) {
  const mac = hmacWith(password);
  let link = mac(Uint8Array.of(...salt, 0, 0, 0, 1));
  const key = link.slice();
  for (let i = 1; i < iterations; i += 1) {
    link = mac(link);
    for (let at = 0; at < 32; at += 1) key[at] ^= link[at];
  }
  return key;
}
