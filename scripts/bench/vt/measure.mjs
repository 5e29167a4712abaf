// Times both terminals with each payload, in turns, and prints JSON.
// node measure.mjs DIR WASM_EXEC COLS ROWS SCROLLBACK REPEATS [NAMES]
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [dir, wasmExec, ...numbers] = process.argv.slice(2);
const [cols, rows, scrollback, repeats] = numbers.map(Number);
const only = numbers[4] ? numbers[4].split(",") : [];
const piece = 64 << 10;
const turn = 4; // pieces

const require = createRequire(path.join(path.resolve(dir), "package.json"));
require(path.resolve(wasmExec));
const { Terminal } = require("@xterm/headless");

const go = new globalThis.Go();
const { instance } = await WebAssembly.instantiate(readFileSync(path.join(dir, "core.wasm")), go.importObject);
go.run(instance);

// The public write of xterm.js defers to timers; this is what they call, so the
// figure is of its parser alone.
function xterm() {
	const t = new Terminal({ cols, rows, scrollback, allowProposedApi: true });
	return {
		write: (p) => t._core.writeSync(p),
		text() {
			const b = t.buffer.active;
			const lines = [];
			for (let y = 0; y < rows; y++) lines.push(b.getLine(b.baseY + y).translateToString(true));
			return lines.join("\n");
		},
	};
}

function ours() {
	globalThis.core.reset(cols, rows, scrollback);
	return globalThis.core;
}

const trimmed = (s) => s.split("\n").map((l) => l.trimEnd()).join("\n").trimEnd();

// pass feeds everything once; it gives the seconds.
function pass(t, pieces) {
	const begin = performance.now();
	for (const p of pieces) t.write(p);
	return (performance.now() - begin) / 1000;
}

function median(v) {
	const s = [...v].sort((a, b) => a - b);
	return s[s.length >> 1];
}

const figures = [];
const payloads = path.join(dir, "payloads");
for (const file of readdirSync(payloads).sort()) {
	const payload = file.replace(/^\d+-|\.bytes$/g, "");
	if (!file.endsWith(".bytes") || (only.length > 0 && !only.includes(payload))) continue;
	const body = readFileSync(path.join(payloads, file));
	const setup = readFileSync(path.join(payloads, file.replace(/bytes$/, "setup")));
	const pieces = [];
	for (let i = 0; i < body.length; i += piece) pieces.push(new Uint8Array(body.subarray(i, i + piece)));
	const a = ours();
	const b = xterm();
	for (const t of [a, b]) {
		t.write(new Uint8Array(setup));
		for (let i = 0; i < 3; i++) pass(t, pieces);
	}
	// In short turns, so that what else the machine does falls on both alike. The
	// time of a pass is the sum of its turns' medians.
	const times = { a: 0, b: 0 };
	const parts = [];
	for (let from = 0; from < pieces.length; from += turn) parts.push({ pieces: pieces.slice(from, from + turn), a: [], b: [] });
	for (let i = 0; i < repeats; i++) {
		for (const part of parts) {
			part.a.push(pass(a, part.pieces));
			part.b.push(pass(b, part.pieces));
		}
	}
	for (const part of parts) {
		times.a += median(part.a);
		times.b += median(part.b);
	}
	const same = trimmed(a.text()) === trimmed(b.text());
	if (!same && process.env.VT_SHOW) console.error(`${trimmed(a.text())}\n--- xterm.js\n${trimmed(b.text())}`);
	figures.push({
		payload,
		bytes: body.length,
		core_mbps: body.length / 1e6 / times.a,
		xtermjs_mbps: body.length / 1e6 / times.b,
		same_screen: same,
	});
}
console.log(JSON.stringify({ figures, node: process.version }));
process.exit(0);
