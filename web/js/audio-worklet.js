// Plays what comes through its port: a ring of samples that is kept filled by a
// target, so that a busy page or an uneven line are not heard. The target grows when
// the ring runs dry, and shrinks again in quiet times.

const shortest = 0.03, longest = 0.2; // seconds that wait in the ring
const grow = 0.02, shrink = 0.002; // after running dry; each second without
const most = 3; // times the target: beyond it the oldest is dropped
const fade = 128; // samples of a fade in and out, so that gaps do not click

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.target = 0.04;
    this.queue = []; // planes of samples, oldest first
    this.at = 0; // place in the oldest
    this.have = 0; // samples in the queue
    this.playing = false;
    this.gain = 0; // 0…1 of the fade
    this.last = [0, 0];
    this.dry = 0; // how often it ran dry
    this.quiet = 0; // samples since then
    this.rate = sampleRate;
    this.step = 0; // place between two samples, where the rates differ
    this.port.onmessage = ({ data }) => {
      if (data.port) data.port.onmessage = ({ data: d }) => this.take(d);
      else if (data.stats) this.port.postMessage({ waiting: this.have / this.rate, target: this.target, dry: this.dry });
    };
  }

  take({ planes, rate }) {
    if (rate !== this.rate) {
      this.rate = rate;
      this.drop(this.have);
    }
    this.queue.push(planes);
    this.have += planes[0].length;
    const bound = Math.max(most * this.target * rate, planes[0].length + this.target * rate);
    if (this.have > bound) {
      this.drop(this.have - Math.round(this.target * rate)); // behind the times
      this.gain = 0;
    }
  }

  drop(n) {
    while (n > 0 && this.queue.length) {
      const left = this.queue[0][0].length - this.at;
      if (n < left) {
        this.at += n;
        this.have -= n;
        return;
      }
      this.queue.shift();
      this.at = 0;
      this.have -= left;
      n -= left;
    }
  }

  process(_, [out]) {
    const ratio = this.rate / sampleRate;
    const n = out[0].length;
    if (!this.playing && this.have >= this.target * this.rate) this.playing = true;
    for (let i = 0; i < n; i++) {
      if (this.playing && this.have < 2) {
        this.playing = false;
        this.dry++;
        this.quiet = 0;
        this.target = Math.min(longest, this.target + grow);
      }
      this.gain = Math.min(1, Math.max(0, this.gain + (this.playing ? 1 : -1) / fade));
      for (let c = 0; c < out.length; c++) {
        if (this.playing) this.last[c] = this.sample(c);
        out[c][i] = this.last[c] * this.gain;
      }
      if (this.playing) {
        this.step += ratio;
        const whole = Math.floor(this.step);
        this.step -= whole;
        this.drop(whole);
      }
    }
    if (this.playing && (this.quiet += n) >= sampleRate) {
      this.quiet = 0;
      this.target = Math.max(shortest, this.target - shrink);
    }
    return true;
  }

  /** The sample at the current place, in between by a straight line. */
  sample(channel) {
    const planes = this.queue[0];
    const plane = planes[Math.min(channel, planes.length - 1)];
    const a = plane[this.at];
    if (this.step === 0) return a;
    let b = a;
    if (this.at + 1 < plane.length) b = plane[this.at + 1];
    else if (this.queue.length > 1) b = this.queue[1][Math.min(channel, planes.length - 1)]?.[0] ?? a;
    return a + (b - a) * this.step;
  }
}

registerProcessor("porthole-player", Player);
