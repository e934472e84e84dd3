// The host for libc.c: the six imports and nothing else.
import fs from 'node:fs';

const module = new WebAssembly.Module(fs.readFileSync(process.argv[2]));
const imports = WebAssembly.Module.imports(module).map((i) => `${i.module} ${i.name}`).sort().join(', ');
const wanted = ['clock', 'exit', 'random', 'read', 'wait', 'write'].map((name) => `cloud_python ${name}`).join(', ');
if (imports !== wanted) {
	console.log(`libc: imports are ${imports}`);
	process.exit(1);
}

let instance;
let typed = Buffer.from('typed\n');
const bytes = (ptr, len) => new Uint8Array(instance.exports.memory.buffer, ptr, len);
const sleep = (nanoseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(nanoseconds) / 1e6);
const cloud_python = {
	read(ptr, len) {
		const part = typed.subarray(0, len);
		bytes(ptr, part.length).set(part);
		typed = typed.subarray(part.length);
		return part.length;
	},
	write: (fd, ptr, len) => fs.writeSync(fd, bytes(ptr, len)),
	clock: (id) => (id === 2 ? 1234500000n : id === 0 ? BigInt(Date.now()) * 1000000n : process.hrtime.bigint()) / 100000n * 100000n,
	random: (ptr, len) => (crypto.getRandomValues(bytes(ptr, len)), 0),
	wait: (wantStdin, timeout) => (wantStdin ? 1 : (sleep(timeout), 0)),
	exit: (code) => process.exit(code),
};
instance = new WebAssembly.Instance(module, { cloud_python });
instance.exports._initialize?.();
process.exit(instance.exports.run());
