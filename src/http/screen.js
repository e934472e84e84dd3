// The output of scripts: from bytes of strangers to text on the page.
//
// Owns: how streams are decoded, what is made visible, how much is kept. It becomes text nodes and never markup.

const KEPT = 1 << 20;    // characters of output that stay on the page
const BLOCK = 1 << 13;   // characters in one element, unless a line is longer
const LONGEST = 1 << 16; // characters of a line that stay together
const PIECE = 64;        // what an element costs beside its characters, counted as characters

/** Characters that are obeyed or confuse, not shown (control characters, those that turn the direction of text), as escapes. */
function visible(text) {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, odd => {
    const number = odd.charCodeAt(0).toString(16).padStart(2, "0");
    return odd < "\x80" ? `\\x${number}` : `\\u{${number}}`;
  });
}

/** An element with text and properties. */
function make(tag, text, properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, properties);
}

/** One stream's bytes as text, whose lines end with "\n". A "\r" that is left goes back to the start of its line. */
class Stream {
  decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  held = ""; // a "\r" of which it is not known yet what follows

  constructor(kind) {
    this.kind = kind;
  }

  text(bytes, more = true) {
    const text = (this.held + this.decoder.decode(bytes, { stream: more })).replace(/\r+/g, "\r").replaceAll("\r\n", "\n");
    this.held = more && text.endsWith("\r") ? "\r" : "";
    return text.endsWith("\r") ? text.slice(0, -1) : text;
  }
}

/**
 * Text of several kinds, in the order written. It is shown once a frame, however many pieces it comes in, in blocks of
 * lines that a browser lays out one by one.
 *
 * A WebSocket in a browser cannot ask its sender to be slow. What bounds the page is that it keeps no more than the last KEPT
 * characters, waiting ones too; what bounds the sending is the session: a minute and 1 GiB.
 */
class Screen {
  waiting = []; // {kind, text}
  waitingCost = 0;
  cost = 0; // of what is shown
  block = null; // the one that is written to
  frame = null;

  /** `element` shows the text, `dropped` is shown when some of it was dropped. */
  constructor(element, dropped) {
    Object.assign(this, { element, dropped });
  }

  write(kind, text) {
    if (!text) return;
    let last = this.waiting.at(-1);
    if (last?.kind !== kind || last.text.length > BLOCK) {
      last = { kind, text: "" };
      this.waiting.push(last);
      this.waitingCost += PIECE;
    }
    last.text += text;
    this.waitingCost += text.length;
    while (this.waitingCost > KEPT && this.waiting.length > 1) {
      this.waitingCost -= this.waiting.shift().text.length + PIECE;
      this.dropped.hidden = false;
    }
    this.frame ??= requestAnimationFrame(() => this.show());
  }

  show() {
    cancelAnimationFrame(this.frame);
    const { element } = this;
    const following = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    for (const { kind, text } of this.waiting) this.append(kind, text);
    Object.assign(this, { waiting: [], waitingCost: 0, frame: null });
    while (this.cost > KEPT && element.childElementCount > 1) {
      this.cost -= Screen.costOf(element.firstChild);
      element.firstChild.remove();
      this.dropped.hidden = false;
    }
    if (following) element.scrollTop = element.scrollHeight;
  }

  /** Adds text, of which what a "\r" overwrites is left out: the whole line, for what comes is rarely shorter. */
  append(kind, text) {
    text = text.replace(/\n[^\n]*\r/g, "\n");
    const start = text.split("\n", 1)[0].lastIndexOf("\r") + 1;
    if (start) this.eraseLine();
    text = visible(text.slice(start));
    while (text) {
      const block = this.openBlock();
      const cut = Screen.cut(text, block.textContent.length);
      block.append(make("span", text.slice(0, cut), { className: kind }));
      this.cost += cut + PIECE;
      text = text.slice(cut);
    }
  }

  /** The last block, or a new one if that is full. A block ends with a line, unless the line is far too long. */
  openBlock() {
    const text = this.block?.textContent ?? "";
    if (!this.block || text.length >= LONGEST || (text.length >= BLOCK && text.endsWith("\n"))) {
      this.block = make("div", "");
      this.element.append(this.block);
    }
    return this.block;
  }

  /** How much of the text goes into a block that has so many characters. */
  static cut(text, length) {
    if (length + text.length <= BLOCK) return text.length;
    const newline = text.indexOf("\n", Math.max(BLOCK - length, 0)) + 1 || text.length;
    const most = LONGEST - length;
    const inPair = text.charCodeAt(most - 1) >> 10 === 0x36; // the first half of a surrogate pair
    return Math.min(newline, inPair ? most + 1 : most);
  }

  eraseLine() {
    for (let span; (span = this.block?.lastChild);) {
      const text = span.textContent;
      const kept = text.lastIndexOf("\n") + 1;
      span.textContent = text.slice(0, kept);
      this.cost -= text.length - kept;
      if (kept) return;
      span.remove();
      this.cost -= PIECE;
    }
  }

  clear() {
    cancelAnimationFrame(this.frame);
    Object.assign(this, { waiting: [], waitingCost: 0, cost: 0, block: null, frame: null });
    this.element.replaceChildren();
    this.dropped.hidden = true;
  }

  static costOf(block) {
    return block.textContent.length + block.childElementCount * PIECE;
  }
}

