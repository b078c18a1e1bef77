// The types of functions and globals, as V8 knows them. It tells them only where its type reflection is on, and the
// methods exist only in contexts made after that: so the flag is set here, and a context of our own is asked.
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--experimental-wasm-type-reflection');
const reflected = vm.runInNewContext('WebAssembly');

// {parameters: ['i32', …], results: […]}. Static until V8 12 (Node 22), a method since.
export const functionType = reflected.Function.type ?? ((entry) => reflected.Function.prototype.type.call(entry));

// {value: 'i32', mutable: true}
export const globalType = (global) => reflected.Global.prototype.type.call(global);
