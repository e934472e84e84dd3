// The script of the page at `/`: log in, edit, run, talk, files. The elements are in console.rs, each under its id.
//
// Everything is kept in the variables of this module and on the page, nothing in cookies or storage: closing the page forgets it.
// Text of strangers becomes text nodes and never markup. What scripts write is shown by screen.js, which stands above.

const {
  notice, login, enter, email, password, code, bench, who, logout, script, more, args, choose, files, outputs, run, interactive,
  status, seconds, stop, dropped, output, say, line, send, end, returned, links,
} = Object.fromEntries([...document.querySelectorAll("[id]")].map(element => [element.id, element]));

const MIB = 1 << 20;
const MESSAGE_BYTES = 32 * MIB; // what the server takes as first message
const FILES_BYTES = 22 * MIB;   // of it, the most that can be files: base64 makes them a third larger
const INPUT_BYTES = MIB / 2;    // of one message of input; the server takes twice that
const HISTORY = 1000;           // lines of input that the arrow keys bring back
const NOT_ALLOWED = "not registered, not approved, or wrong credentials";
const [STDIN, STDOUT, STDERR, CONTROL] = [0, 1, 2, 3]; // channels: the first byte of a message
const encoder = new TextEncoder();
const screen = new Screen(output, dropped);

let token = null;    // the bearer token of /login
let expiry = null;   // the timer that forgets it
let session = null;  // the run of the moment
const chosen = new Map(); // files for the next run, by name

// Small things.

/** Shows a sentence above everything else; none takes it away. */
function tell(sentence = "") {
  notice.textContent = sentence;
  notice.hidden = !sentence;
}

/** What the server says, as a sentence, and how long to wait if it wants that. */
function sentence(error, wait) {
  const said = visible(String(error)).slice(0, 300);
  return wait ? `${said}: try again in ${wait} second${wait === 1 ? "" : "s"}.` : `${said}.`;
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} bytes` : bytes < MIB ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}

/** The words of a line: separated by spaces, but not within quotes. There are no escapes; a lone quote is itself. */
function words(text) {
  const found = text.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? [];
  return found.map(word => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

// Logging in and out.

/** Asks the server. Returns what it says, with its status and the seconds to wait. */
async function ask(path, body, bearer) {
  const headers = { "Content-Type": "application/json", ...(bearer && { Authorization: `Bearer ${bearer}` }) };
  const request = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit", redirect: "error" };
  const answer = await fetch(path, request);
  return { ...await answer.json(), status: answer.status, wait: Number(answer.headers.get("Retry-After")) };
}

async function logIn(event) {
  event.preventDefault();
  tell();
  enter.disabled = true;
  const said = await ask("/login", { email: email.value, password: password.value, totop: code.value })
    .catch(() => ({ error: "the server cannot be reached" }));
  enter.disabled = false;
  code.value = ""; // it is good once
  if (said.error !== "ok") {
    tell(`Not logged in: ${sentence(said.error, said.wait)}`);
    return code.focus();
  }
  token = said.token;
  const why = `The log-in has ended: it lasts ${Math.round(said.expires_in / 60)} minutes. Log in again to go on.`;
  expiry = setTimeout(() => expire(why), said.expires_in * 1000);
  password.value = "";
  who.textContent = `Logged in as ${email.value}`;
  login.hidden = true;
  bench.hidden = false;
  script.focus();
}

/** Forgets the token and nothing else: the script stays, and what runs goes on. */
function expire(why) {
  clearTimeout(expiry);
  token = null;
  login.hidden = false;
  who.textContent = "Not logged in";
  tell(why);
}

/** Forgets everything, here and at the server. */
async function logOut() {
  if (session) halt();
  const ended = token;
  expire("");
  bench.hidden = true;
  document.querySelectorAll("input, textarea").forEach(field => { field.value = ""; });
  chosen.clear();
  history.length = 0;
  screen.clear();
  listFiles();
  offer({});
  state("Not running.");
  email.focus();
  const answered = !ended || await ask("/logout", {}, ended).then(
    said => said.error === "ok" || said.status === 401, () => false);
  tell(answered ? "Logged out." : "Logged out here, but the server could not be told: the log-in ends there within minutes.");
}

// The editor.

/** Types text where the cursor is. This old command is the one that leaves "undo" as it should be. */
function type(text) {
  if (!document.execCommand("insertText", false, text)) {
    script.setRangeText(text, script.selectionStart, script.selectionEnd, "end");
  }
}

/** What the next line begins with: as much as this one, and a step more after a colon. */
function indentation() {
  const above = script.value.slice(0, script.selectionStart).split("\n").pop();
  return above.match(/^[ \t]*/)[0] + (above.trimEnd().endsWith(":") ? "    " : "");
}

let leaving = false; // after Escape, Tab leaves the editor (WCAG 2.1.2)

function edit(event) {
  const leaves = leaving;
  leaving = event.key === "Escape";
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.key === "Tab" && !leaves) type("    ");
  else if (event.key === "Enter") type(`\n${indentation()}`);
  else return;
  event.preventDefault();
}

// Files that go with a run, and files that come back.

function listed(...parts) {
  const item = make("li", "");
  item.append(...parts);
  return item;
}

function takeFiles(given) {
  tell();
  more.open = true;
  for (const file of given) {
    const others = [...chosen.values()].filter(other => other.name !== file.name);
    const total = others.reduce((sum, other) => sum + other.size, file.size);
    if (total <= FILES_BYTES) chosen.set(file.name, file);
    else tell(`${visible(file.name)} is left out: with it the files have ${size(total)}, and ${size(FILES_BYTES)} is the most.`);
  }
  listFiles();
}

function listFiles() {
  files.replaceChildren(...[...chosen.values()].map(file => {
    const name = visible(file.name);
    const remove = make("button", "Remove", { type: "button", className: "quiet", ariaLabel: `Remove ${name}` });
    remove.addEventListener("click", () => { chosen.delete(file.name); listFiles(); choose.focus(); });
    return listed(make("bdi", name), make("span", ` ${size(file.size)} `, { className: "soft" }), remove);
  }));
}

function drop(event) {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  if (event.type === "drop" && !bench.hidden) takeFiles(event.dataTransfer.files);
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1] ?? "");
    reader.onerror = () => reject(new Error(`${visible(file.name)} cannot be read: remove it, or choose it again.`));
    reader.readAsDataURL(file);
  });
}

/** Shows links to what a run has returned, in place of those of the run before, whose bytes are let go. */
function offer(found) {
  links.querySelectorAll("a").forEach(link => URL.revokeObjectURL(link.href));
  links.replaceChildren(...Object.entries(found).map(([name, text]) => {
    const content = Uint8Array.from(atob(text), character => character.charCodeAt(0));
    const href = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
    const link = make("a", visible(name), { href, download: name.split("/").pop() });
    return listed(link, make("span", ` ${size(content.length)}`, { className: "soft" }));
  }));
  returned.hidden = !links.hasChildNodes();
}

// A run: one WebSocket, from its first message to its end.

/** The state of the moment. Only this is read out; the seconds that pass are not. */
function state(text) {
  status.textContent = text;
  seconds.textContent = "";
}

function tick() {
  if (session?.since) seconds.textContent = `for ${Math.floor((Date.now() - session.since) / 1000)} s`;
}
setInterval(tick, 1000);

/** Everything that the server needs to know. `data` is the script, or null for the interactive interpreter. */
async function firstMessage(data) {
  const contents = await Promise.all([...chosen.values()].map(async file => [file.name, await base64(file)]));
  const files = Object.fromEntries(contents);
  const message = JSON.stringify({ token, data, args: words(args.value), outputs: words(outputs.value), files });
  const bytes = new Blob([message]).size;
  if (bytes <= MESSAGE_BYTES) return message;
  throw new Error(`script and files are ${size(bytes)} as they are sent, and ${size(MESSAGE_BYTES)} is the most: remove some.`);
}

async function start(data) {
  if (session) return;
  if (!token) {
    expire("Log in to run scripts.");
    return password.focus();
  }
  const streams = { [STDOUT]: new Stream("stdout"), [STDERR]: new Stream("stderr") };
  const mine = session = { streams, early: [], back: document.activeElement };
  tell();
  offer({});
  screen.clear();
  state("Connecting.");
  enable(true);
  line.focus();
  try {
    const message = await firstMessage(data);
    if (session === mine) connect(mine, message);
  } catch (error) {
    if (session === mine) finish(`Not run: ${error.message}`);
  }
}

function connect(mine, message) {
  const socket = mine.socket = new WebSocket(`wss://${location.host}/session`, "v1.session.cloud-python");
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    [message, ...mine.early].forEach(part => socket.send(part));
    mine.since = Date.now();
    state("Running");
    tick();
  };
  socket.onmessage = ({ data }) => session === mine && receive(new Uint8Array(data));
  socket.onclose = () => session === mine && finish(mine.since ? "Connection lost: the script was stopped."
    : "No connection: the server cannot be reached, or takes no more connections.");
}

function receive(bytes) {
  const [channel, content] = [bytes[0], bytes.subarray(1)];
  const stream = session.streams[channel];
  if (stream) screen.write(stream.kind, stream.text(content));
  else if (channel === CONTROL) conclude(JSON.parse(new TextDecoder().decode(content)));
}

/** How it ended, by the server's last message. */
function conclude({ error, exit_code, files: found = {}, retry_after }) {
  if (error === "request timed out") return finish("Timed out: the script was stopped.");
  if (error === "output too large") return finish("Stopped: the script wrote more than is allowed.");
  if (error === "ok") {
    offer(found);
    return finish(`Ended with exit code ${atob(exit_code).charCodeAt(0)}.`);
  }
  finish(`The server says: ${sentence(error, retry_after)}`);
  if (error === NOT_ALLOWED) {
    expire("The log-in has ended, or the account may not run scripts any more. Log in again to go on.");
    password.focus();
  }
}

/** Puts everything back for the next run. The socket is closed if it is not closed already, which ends the script. */
function finish(how) {
  const { streams, socket, back } = session;
  for (const stream of Object.values(streams)) screen.write(stream.kind, stream.text(undefined, false));
  screen.show();
  session = null;
  socket?.close();
  state(how);
  const lost = [line, send, end, stop].includes(document.activeElement);
  enable(false);
  if (lost) back.focus();
}

function halt() {
  finish("Stopped.");
}

function enable(running) {
  run.disabled = interactive.disabled = running;
  [line, send, end, stop].forEach(control => { control.disabled = !running; });
}

// What is said to a run.

const history = [];
let place = 0; // in it, for the arrow keys

/** Sends input, or keeps it until there is a connection. */
function give(bytes) {
  const message = new Uint8Array(bytes.length + 1);
  message[0] = STDIN;
  message.set(bytes, 1);
  if (session.since) session.socket.send(message);
  else session.early.push(message);
}

function sayLine(text) {
  screen.write("typed", `${text}\n`);
  const bytes = encoder.encode(`${text}\n`);
  for (let from = 0; from < bytes.length; from += INPUT_BYTES) give(bytes.subarray(from, from + INPUT_BYTES));
  if (text && text !== history.at(-1)) history.push(text);
  if (history.length > HISTORY) history.shift();
  place = history.length;
}

/** No more input: the script finds its end. */
function endInput() {
  give(new Uint8Array());
  [line, send, end].forEach(control => { control.disabled = true; });
  stop.focus();
}

function answer(event) {
  if (event.key === "d" && event.ctrlKey && !line.value) endInput();
  else if (event.key === "ArrowUp" && place > 0) line.value = history[--place];
  else if (event.key === "ArrowDown" && place < history.length) line.value = history[++place] ?? "";
  else return;
  event.preventDefault();
}

/** Pasted lines are sent one by one, but for the last, which may not be complete. */
function paste(event) {
  const lines = event.clipboardData.getData("text").split(/\r\n|\r|\n/);
  if (lines.length === 1) return;
  event.preventDefault();
  [line.value + lines[0], ...lines.slice(1, -1)].forEach(sayLine);
  line.value = lines.at(-1);
}

login.addEventListener("submit", logIn);
logout.addEventListener("click", logOut);
script.addEventListener("keydown", edit);
bench.addEventListener("keydown", event => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  start(script.value);
});
run.addEventListener("click", () => start(script.value));
interactive.addEventListener("click", () => start(null));
stop.addEventListener("click", halt);
end.addEventListener("click", endInput);
say.addEventListener("submit", event => {
  event.preventDefault();
  sayLine(line.value);
  line.value = "";
});
line.addEventListener("keydown", answer);
line.addEventListener("paste", paste);
choose.addEventListener("change", () => { takeFiles(choose.files); choose.value = ""; });
document.addEventListener("dragover", drop);
document.addEventListener("drop", drop);
// Whoever closes the page by mistake is asked first: nothing of it is kept anywhere else.
addEventListener("beforeunload", event => { if (script.value || session) event.preventDefault(); });
login.hidden = false;
