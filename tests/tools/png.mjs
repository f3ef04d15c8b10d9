// A picture of a screen in less room: with a palette of its 256 most common colours, which pages of text hardly exceed.
import {crc32, deflateSync, inflateSync} from 'node:zlib';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const COLOURS = 256, EXACT = 128; // the rest of the palette are means of colours that are alike
const paeth = (a, b, c) => {
  const p = a + b - c, [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
};
const FILTERS = [() => 0, a => a, (a, b) => b, (a, b) => (a + b) >> 1, paeth];

/** Width, height and one number for each pixel: red, green, blue. */
function read(png) {
  let width, height, channels;
  const parts = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at), type = png.toString('latin1', at + 4, at + 8), data = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') [width, height, channels] = [data.readUInt32BE(0), data.readUInt32BE(4), {2: 3, 6: 4}[data[9]]];
    if (type === 'IDAT') parts.push(data);
    at += 12 + length;
  }
  const raw = inflateSync(Buffer.concat(parts)), row = width * channels, bytes = Buffer.alloc(row * height), pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const filter = FILTERS[raw[y * (row + 1)]];
    for (let x = 0; x < row; x++) {
      const i = y * row + x, left = x >= channels, above = y > 0;
      bytes[i] = raw[y * (row + 1) + 1 + x] + filter(left ? bytes[i - channels] : 0, above ? bytes[i - row] : 0, left && above ? bytes[i - row - channels] : 0);
    }
  }
  for (let i = 0; i < pixels.length; i++) pixels[i] = bytes.readUIntBE(i * channels, 3);
  return {width, height, pixels};
}

const split = c => [c >> 16, (c >> 8) & 255, c & 255];
const mostOf = counts => [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([key]) => key);
function paletteOf(pixels) {
  const counts = new Map();
  for (const c of pixels) counts.set(c, (counts.get(c) ?? 0) + 1);
  const common = mostOf(counts);
  if (common.length <= COLOURS) return common;
  const alike = new Map(), sums = new Map(), sizes = new Map();
  for (const c of common.slice(EXACT)) {
    const key = c & 0xf8f8f8, n = counts.get(c), sum = sums.get(key) ?? [0, 0, 0];
    alike.set(key, (alike.get(key) ?? 0) + n);
    sizes.set(key, alike.get(key));
    sums.set(key, sum.map((s, i) => s + n * split(c)[i]));
  }
  // few pixels of a strong colour are seen sooner than many of one more grey
  for (const [key, n] of alike) alike.set(key, n * (1 + (Math.max(...split(key)) - Math.min(...split(key))) ** 2 / 64));
  const means = mostOf(alike).slice(0, COLOURS - EXACT).map(key => sums.get(key).reduce((c, s) => c * 256 + Math.round(s / sizes.get(key)), 0));
  return [...common.slice(0, EXACT), ...means];
}
function nearest(palette) {
  const known = new Map(palette.map((c, i) => [c, i])), parts = palette.map(split);
  return c => {
    if (!known.has(c)) {
      const far = ([r, g, b], [x, y, z]) => (r - x) ** 2 + (g - y) ** 2 + (b - z) ** 2, own = split(c);
      known.set(c, parts.reduce((best, p, i) => (far(p, own) < far(parts[best], own) ? i : best), 0));
    }
    return known.get(c);
  };
}
function chunk(type, data) {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** The same picture, smaller. */
export function small(png) {
  const {width, height, pixels} = read(png), palette = paletteOf(pixels), index = nearest(palette), rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = index(pixels[y * width + x]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // eight bits, a palette
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('PLTE', Buffer.from(palette.flatMap(split))), chunk('IDAT', deflateSync(rows, {level: 9})), chunk('IEND', Buffer.alloc(0))]);
}
